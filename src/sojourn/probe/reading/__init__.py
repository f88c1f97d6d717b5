"""Reading what an application answers: pages, words and tokens. Pure."""
