"""Telling the owner of an account what happens to it, and taking their answer."""
