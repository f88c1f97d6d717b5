"""Puts the parts together: the settings' policy, the observed store, session control."""

from dataclasses import replace
from functools import cache

from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from sojourn.contrib.django.delivery import told_by_mail, wanted
from sojourn.contrib.django.internal import storage
from sojourn.contrib.django.internal.herald import Herald
from sojourn.contrib.django.settings import current
from sojourn.contrib.django.telemetry import observers
from sojourn.control import SessionControl, system_clock
from sojourn.core.policy import Policy, PolicyResolver
from sojourn.stores.observed import ObservedStore

clock = system_clock


def now() -> int:
    """The time now, in integer milliseconds. Tests put their own clock in the place of `clock`."""
    return clock()


@cache
def control() -> SessionControl:
    """This site's session control, as its settings have it."""
    settings = current()
    policy: Policy | PolicyResolver = import_string(settings.POLICY) if settings.POLICY else settings.policy()
    kept, committed = storage.opened(wanted)
    store = ObservedStore(kept, [*observers(), Herald()], clock=now, committed=committed)
    return SessionControl(store, policy, clock=now, options=replace(settings.options(), tells=told_by_mail))


def _forget(*, setting: str, **_: object) -> None:
    if setting in {"SOJOURN", "DATABASES", "SECRET_KEY"}:
        control.cache_clear()


setting_changed.connect(_forget, dispatch_uid="sojourn.wiring")
