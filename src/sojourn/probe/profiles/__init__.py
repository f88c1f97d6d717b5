"""What the operator says: where, who, and what cannot be guessed."""
