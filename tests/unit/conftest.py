"""Unit tests are quick: properties try fewer examples here than Hypothesis does by default."""

from hypothesis import settings

settings.register_profile("unit", max_examples=50, deadline=None)
settings.load_profile("unit")
