"""The tests' site with Channels, on the layer in memory."""

from tests.django_site import settings as site
from tests.django_site.settings import *  # noqa: F403 - settings derive so

INSTALLED_APPS = ["channels", *site.INSTALLED_APPS]
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
