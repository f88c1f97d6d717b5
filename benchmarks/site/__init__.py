"""One small site, served in turn by everything that is compared."""
