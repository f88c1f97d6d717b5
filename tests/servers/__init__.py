"""Sojourn in the servers that sites run in: gunicorn and uvicorn, as processes that fork, stop and are killed."""
