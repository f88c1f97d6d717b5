"""Sojourn for the web frameworks, one package each."""
