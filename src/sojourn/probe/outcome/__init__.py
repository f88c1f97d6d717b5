"""What an audit came to, free of secrets."""
