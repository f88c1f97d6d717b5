"""Telling people and programs what happened: from the outbox of a store to sinks, such as mail and webhooks."""
