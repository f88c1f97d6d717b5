"""How one signs in and out, as a person would."""
