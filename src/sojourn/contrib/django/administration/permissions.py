"""The permissions that the pages in the admin ask for; made by the models' Meta. Imports nothing of the admin."""

VIEW = "sojourn.view_session"
END = "sojourn.end_session"
END_ALL = "sojourn.end_all_sessions"
PAUSE = "sojourn.pause_subject"
