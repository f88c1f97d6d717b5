"""Small real applications, each with one weakness of session management each, and healthy twins."""
