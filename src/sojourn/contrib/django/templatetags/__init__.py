"""Template filters of Sojourn's pages."""
