"""Where Sojourn listens to Django. Connected before any other application, so that a refused sign-in is none."""

from collections.abc import Collection
from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete


def connect() -> None:
    """Connect the receivers. Called while Django reads INSTALLED_APPS: nothing of the models may be imported here."""
    user_logged_in.connect(_logged_in, dispatch_uid="sojourn.logged_in")
    post_save.connect(_saved, dispatch_uid="sojourn.saved")
    post_delete.connect(_deleted, dispatch_uid="sojourn.deleted")
    m2m_changed.connect(_memberships_changed, dispatch_uid="sojourn.memberships_changed")
    pre_delete.connect(_going, dispatch_uid="sojourn.going")


def connect_allauth() -> None:
    """Listen to django-allauth as well, if it is there. Called when all applications are loaded."""
    from django.apps import apps

    if not apps.is_installed("allauth.account"):
        return
    from allauth.account import signals

    completed = getattr(signals, "authentication_step_completed", None)  # older releases have none
    if completed is not None:
        completed.connect(_step_completed, dispatch_uid="sojourn.step_completed")


def _enabled() -> bool:
    from sojourn.contrib.django.settings import current

    return current().ENABLED


def _is_user(instance: object) -> bool:
    from django.contrib.auth import get_user_model

    return isinstance(instance, get_user_model())  # proxies of the user model as well


def _logged_in(*, request: Any = None, user: Any = None, **_: object) -> None:
    """`login()` or `alogin()`, wherever it was called. Without a request (Channels) there is nothing to bind to."""
    if request is not None and user is not None and _enabled():
        from sojourn.contrib.django.internal.start import start

        start(request, user)


def _step_completed(*, request: Any = None, reauthenticated: bool = False, **_: object) -> None:
    """Somebody has given one factor to django-allauth; `reauthenticated`: while they were signed in."""
    if request is not None and reauthenticated and _enabled():
        from sojourn.contrib.django import reauthentication

        reauthentication.reauthenticated(request)


def _saved(
    *,
    instance: Any,
    created: bool,
    using: str,
    raw: bool = False,
    update_fields: Collection[str] | None = None,
    **_: object,
) -> None:
    """A user was saved; `raw` is a fixture being loaded."""
    if not raw and _is_user(instance) and _enabled():
        from sojourn.contrib.django.internal.endings import user_saved

        user_saved(instance, created=created, update_fields=update_fields, using=using)


def _deleted(*, instance: Any, using: str, **_: object) -> None:
    """A user was deleted."""
    if _is_user(instance) and _enabled():
        from sojourn.contrib.django.internal.endings import user_deleted

        user_deleted(instance, using=using)


def _memberships_changed(
    *, sender: Any, instance: Any, action: str, reverse: bool, pk_set: Collection[Any] | None = None, **_: object
) -> None:
    """Somebody or something was related to something else: perhaps users to groups, or groups to permissions."""
    if _enabled():
        from sojourn.contrib.django.internal.privileges import memberships_changed

        memberships_changed(sender, instance, action, reverse=reverse, keys=pk_set)


def _going(*, instance: Any, **_: object) -> None:
    """Something is about to be deleted: perhaps a group, or a permission."""
    if _enabled():
        from sojourn.contrib.django.internal.privileges import going

        going(instance)
