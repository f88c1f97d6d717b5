"""Who did what in the admin, and why: with the sessions themselves, and in the log of Django's admin."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.http import HttpRequest

from sojourn.contrib.django.administration.rows import Row
from sojourn.contrib.django.models import Session, Subject
from sojourn.core.records import clean_text


def by_of(request: HttpRequest) -> str:
    """Who asks, as it is written to the records: "admin:" and the user name. No sid has a colon, so it is none."""
    return clean_text(f"admin:{_user(request).get_username()}")


def log_sessions(request: HttpRequest, rows: Iterable[Row], text: str) -> None:
    """Log what was done to sessions: an entry for each, on which the log then links to its page. One statement."""
    LogEntry.objects.bulk_create(
        _entry(
            request,
            Session,
            row.sid,
            f"{row.user_name}, {row.device_label}" if row.device_label else row.user_name,
            text,
        )
        for row in rows
    )


def log_subject(request: HttpRequest, subject: str, user: AbstractBaseUser | None, text: str) -> None:
    """Log what was done to a user, in their own history if they are known by their subject."""
    if user is None:
        _entry(request, Subject, subject, subject, text).save()
    else:
        _entry(request, type(user), str(user.pk), str(user), text).save()


def log_many(request: HttpRequest, what: str, text: str) -> None:
    """Log what was done to sessions that nobody has picked one by one."""
    _entry(request, Session, None, what, text).save()


def _entry(request: HttpRequest, model: type[Model], key: str | None, name: str, text: str) -> LogEntry:
    # Django takes a text that begins with "[" for JSON of its own.
    return LogEntry(
        user_id=_user(request).pk,
        content_type_id=ContentType.objects.get_for_model(model, for_concrete_model=False).pk,
        object_id=key,
        object_repr=clean_text(name, 200),
        action_flag=CHANGE,
        change_message=text.lstrip("["),
    )


def _user(request: HttpRequest) -> Any:
    """The member of staff who asks."""
    return request.user
