"""Audits the session management of a live application from outside, whatever it is written in.

Imports nothing of the rest of Sojourn: `pip install "sojourn[probe]"` and the command `sojourn probe` are enough.
"""
