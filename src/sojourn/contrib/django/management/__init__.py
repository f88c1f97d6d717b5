"""Sojourn's management commands."""
