"""What the tests use: the project's settings, with Sojourn switched off."""

from settings import *  # noqa: F403 - settings derive so
from settings import SOJOURN

SOJOURN = {**SOJOURN, "ENABLED": False}
