"""What a user may do has changed: the session key and our token are renewed at their next request."""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import Group, Permission
from django.db import router
from django.db.models import Model, Q
from django.http import HttpRequest

from sojourn.contrib.django.adapter import adapter
from sojourn.contrib.django.internal import carrier
from sojourn.contrib.django.internal.visit import Visit
from sojourn.contrib.django.internal.wiring import control
from sojourn.contrib.django.settings import current
from sojourn.core.privileges import differ
from sojourn.core.records import Session
from sojourn.core.search import SessionQuery, Standing

BATCH = 200  # users read at a time


def privileges_of(user: Any) -> str:
    """A digest of what the user row says the user may do; "" if the site's adapter does not look."""
    said = adapter().privileges(user)
    return hashlib.sha256(said.encode()).hexdigest()[:32] if said else ""


def changed(visit: Visit) -> bool:
    """Whether the user of this request may do something else than is noted in their session."""
    return visit.record is not None and differ(visit.record, visit.privileges)


def renew(request: HttpRequest, visit: Visit, record: Session) -> Session:
    """Renew the session's key and token, if no other request was faster; then this one leaves the session to that.

    Neither where nobody would learn of a new key (an app's session, known by its token), nor under REPORT_ONLY, which
    changes nothing: there the change is noted and no more.
    """
    renewable = not visit.swapped and not current().REPORT_ONLY
    renewed = control().note_privileges(record, visit.privileges, renew=renewable)
    if renewed is not None:
        carrier.move(request.session, renewed[1], visit.parent_token, control().options.rotation_grace)
        return renewed[0]
    if record.privileges and renewable:
        visit.late = True
    return record


def outrun(record: Session) -> bool:
    """Whether another request has renewed the token since this one came in, so that what it saves would be in vain."""
    found = control().store.find(record.sid)
    return found is not None and found.generation != record.generation


def memberships_changed(
    through: type[Model], instance: Any, action: str, *, reverse: bool, keys: Collection[Any] | None
) -> None:
    """Users were put into groups or taken out, or users or groups given permissions or deprived of them.

    What is cleared is looked at before, when it still tells whom it concerns. Runs in the transaction of the change.
    """
    clearing = action == "pre_clear"
    if not clearing and (action not in {"post_add", "post_remove"} or not keys):
        return
    model = get_user_model()
    for name in ("groups", "user_permissions"):
        if through is getattr(getattr(model, name, None), "through", None):
            if not reverse:
                mark(Q(pk=instance.pk))
            else:
                mark(Q((name, instance)) if clearing else Q(pk__in=keys or ()))
            return
    if through is Group.permissions.through and _has(Group):
        groups = Q(groups=instance) if not reverse else Q(groups__in=keys or ())
        mark(Q(groups__permissions=instance) if reverse and clearing else groups)


def going(instance: object) -> None:
    """A group or a permission is about to be deleted: whoever has it is concerned. No other signal tells of it."""
    if isinstance(instance, Group) and _has(Group):
        mark(Q(groups=instance))
    elif isinstance(instance, Permission) and _has(Permission) and _has(Group):
        mark(Q(user_permissions=instance) | Q(groups__permissions=instance))


def mark(whom: Q) -> None:
    """Mark the live sessions of the users that `whom` finds. A batch of users at a time, in the order of their keys, so
    that two such changes at once wait for each other and no more. Raises StoreError.
    """
    for users in _batches(whom):
        subjects = [adapter().subject(user) for user in users]
        present = set(_signed_in(tuple(subjects)))
        for subject in subjects:
            if subject in present:
                control().privileges_changed(subject)


def _batches(whom: Q) -> Iterator[Sequence[AbstractBaseUser]]:
    model = get_user_model()
    found = model._base_manager.using(router.db_for_write(model)).filter(whom).order_by("pk").distinct()
    users = list(found[:BATCH])
    while users:
        yield users
        users = list(found.filter(pk__gt=users[-1].pk)[:BATCH]) if len(users) == BATCH else []


def _signed_in(subjects: tuple[str, ...]) -> Iterator[str]:
    query = SessionQuery(standing=Standing.LIVE, subjects=subjects, limit=500)
    while True:
        page = control().search(query)
        yield from (session.subject for session in page.sessions)
        if page.cursor is None:
            return
        query = SessionQuery(standing=Standing.LIVE, subjects=subjects, limit=500, after=page.cursor)


def _has(model: type[Model]) -> bool:
    """Whether users have groups, or permissions of their own, of Django's own making."""
    name = "groups" if model is Group else "user_permissions"
    field = next((field for field in get_user_model()._meta.many_to_many if field.name == name), None)
    return field is not None and field.related_model is model
