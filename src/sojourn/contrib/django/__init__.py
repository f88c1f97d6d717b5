"""Sojourn for Django: installed beside any SESSION_ENGINE. See `docs/tutorial`."""
