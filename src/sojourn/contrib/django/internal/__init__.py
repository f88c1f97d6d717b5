"""How the Django shell works inside; nothing here is for import by a site."""
