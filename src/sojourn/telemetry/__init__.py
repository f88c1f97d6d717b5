"""Metrics and logs: observers of a store. Each library is an extra, and is imported only where it is asked for."""
