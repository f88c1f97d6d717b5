"""What ends sessions beside their own browser: a user saved with another password, deactivated, or deleted."""

from collections.abc import Callable, Collection
from contextvars import ContextVar
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connections, transaction
from django.http import HttpRequest

from sojourn.contrib.django.adapter import adapter
from sojourn.contrib.django.internal import storage
from sojourn.contrib.django.internal.visit import visit_of
from sojourn.contrib.django.internal.wiring import control
from sojourn.core.records import EndReason

present_request: ContextVar[HttpRequest | None] = ContextVar("sojourn_request", default=None)
"""The request under way: a user who changes their own password keeps the browser they do it in."""


def user_saved(user: AbstractBaseUser, *, created: bool, update_fields: Collection[str] | None, using: str) -> None:
    """End the user's sessions if they were deactivated, or those begun with another password if it was changed.

    Runs after the save, so that locks are taken in one order: the user, then their subject, then the records.
    """
    if created or (update_fields is not None and not {"password", "is_active"} & set(update_fields)):
        return
    if {"password", "is_active"} & user.get_deferred_fields():
        return
    subject = adapter().subject(user)
    request = present_request.get()
    visit = visit_of(request) if request is not None else None
    mine = visit.record if visit is not None and visit.record is not None and visit.record.subject == subject else None
    if mine is None and _is_active(user) and _only_rehashed(user, update_fields):
        return
    spare = mine.sid if mine is not None else ""
    _end_by(user, spare)
    key = user.pk
    _once_committed(using, lambda: _look_again(type(user), key, using, spare))
    credentials = adapter().credentials(user) if _is_active(user) else ()
    if visit is not None and mine is not None and credentials and mine.credential not in credentials:
        visit.renewed_hash = user.get_session_auth_hash()


def user_deleted(user: AbstractBaseUser, *, using: str) -> None:
    """End all sessions of a user who is no more."""
    subject = adapter().subject(user)

    def end() -> None:
        control().end(subject, None, EndReason.DELETED)

    end()
    _once_committed(using, end)


def _end_by(user: AbstractBaseUser, spare: str) -> None:
    """End what a user may not have: all, if they are not active; else what began with another password, but `spare`."""
    subject = adapter().subject(user)
    if not _is_active(user):
        control().end(subject, None, EndReason.DEACTIVATED)
    elif credentials := adapter().credentials(user):
        control().credential_changed(subject, credentials, spare=spare)


def _is_active(user: AbstractBaseUser) -> bool:
    return bool(getattr(user, "is_active", True))


def _once_committed(using: str, end: Callable[[], None]) -> None:
    """End sessions once more when a transaction that the store takes no part in is committed.

    Until then everybody else goes by what was true before, and may sign in with it. If it is rolled back, nothing more
    ends. A failure is logged and does not reach whoever commits: there is nothing left that they could take back.
    """
    if connections[using].in_atomic_block and not storage.takes_part_in(using):
        transaction.on_commit(end, using=using, robust=True)


def _look_again(model: type[AbstractBaseUser], key: object, using: str, spare: str) -> None:
    """End what a user may not have as they are now: they may have been saved more than once."""
    user = model._base_manager.using(using).filter(pk=key).first()
    if user is not None:
        _end_by(user, spare)


def _only_rehashed(user: Any, update_fields: Collection[str] | None) -> bool:
    """Whether this save only stores the same password under a newer hasher, as Django does when it is given.

    `set_password()` keeps the raw password in `_password` until it is saved; the upgrade clears it before saving.
    Nothing ends for it here: the sign-in it belongs to may still fail. Django itself, though, no longer knows sessions
    that were made with the older hash, so somebody who is signed in where it happens must be given the newer one.
    """
    only_password = update_fields is not None and set(update_fields) == {"password"}
    return only_password and getattr(user, "_password", "") is None and user.has_usable_password()
