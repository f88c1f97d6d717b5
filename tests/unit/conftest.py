"""Unit tests are quick: properties try fewer examples here than Hypothesis does by default."""

from hypothesis import settings

settings.register_profile("unit", settings.get_profile("any machine"), max_examples=50)
settings.load_profile("unit")
