"""Where addresses are: this site's databases, opened once in each process."""

from functools import cache

from django.conf import settings as django_settings
from django.core.signals import setting_changed

from sojourn.contrib.django.settings import current
from sojourn.web.places import Places


@cache
def places() -> Places:
    """The databases that the settings name. Countries are called as in the site's own language."""
    return Places(current().GEOIP_DATABASES, django_settings.LANGUAGE_CODE)


def _forget(*, setting: str, **_: object) -> None:
    if setting in {"SOJOURN", "LANGUAGE_CODE"}:
        places.cache_clear()


setting_changed.connect(_forget, dispatch_uid="sojourn.places")
