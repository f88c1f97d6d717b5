"""User models as sites have them: an application that tests install while they need it."""
