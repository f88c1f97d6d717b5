"""System checks: what is wrong with this installation, and what to write."""


def connect() -> None:
    """Register the checks with Django."""
