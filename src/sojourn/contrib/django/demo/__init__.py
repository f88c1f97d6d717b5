"""The demonstration site behind `sojourn demo`: a real Django site on SQLite, for one's own machine only."""
