"""Django with Sojourn, seen from its browsers."""
