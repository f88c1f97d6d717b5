"""What checks are given, and what several of them do or want to know."""
