"""What ends sessions beside their own browser: a user saved with another password, deactivated, or deleted."""

from collections.abc import Collection
from contextvars import ContextVar
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from sojourn.contrib.django.adapter import adapter
from sojourn.contrib.django.internal.visit import visit_of
from sojourn.contrib.django.internal.wiring import control
from sojourn.core.records import EndReason

present_request: ContextVar[HttpRequest | None] = ContextVar("sojourn_request", default=None)
"""The request under way: a user who changes their own password keeps the browser they do it in."""


def user_saved(user: AbstractBaseUser, *, created: bool, update_fields: Collection[str] | None) -> None:
    """End the user's sessions if they were deactivated, or those begun with another password if it was changed.

    Runs after the save, so that locks are taken in one order: the user, then their subject, then the records.
    """
    if created or (update_fields is not None and not {"password", "is_active"} & set(update_fields)):
        return
    if {"password", "is_active"} & user.get_deferred_fields():
        return
    subject = adapter().subject(user)
    if not getattr(user, "is_active", True):
        control().end(subject, None, EndReason.DEACTIVATED)
        return
    credentials = adapter().credentials(user)
    request = present_request.get()
    visit = visit_of(request) if request is not None else None
    mine = visit.record if visit is not None and visit.record is not None and visit.record.subject == subject else None
    if not credentials or (mine is None and _only_rehashed(user, update_fields)):
        return
    control().credential_changed(subject, credentials, spare=mine.sid if mine is not None else "")
    if visit is not None and mine is not None and mine.credential not in credentials:
        visit.renewed_hash = user.get_session_auth_hash()


def user_deleted(user: AbstractBaseUser) -> None:
    """End all sessions of a user who is no more."""
    control().end(adapter().subject(user), None, EndReason.DELETED)


def _only_rehashed(user: Any, update_fields: Collection[str] | None) -> bool:
    """Whether this save only stores the same password under a newer hasher, as Django does when it is given.

    `set_password()` keeps the raw password in `_password` until it is saved; the upgrade clears it before saving.
    Nothing ends for it here: the sign-in it belongs to may still fail. Django itself, though, no longer knows sessions
    that were made with the older hash, so somebody who is signed in where it happens must be given the newer one.
    """
    only_password = update_fields is not None and set(update_fields) == {"password"}
    return only_password and getattr(user, "_password", "") is None and user.has_usable_password()
