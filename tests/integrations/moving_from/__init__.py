"""A site on its way from other packages to Sojourn."""
