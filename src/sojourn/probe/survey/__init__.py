"""What is learnt of an application before any check."""
