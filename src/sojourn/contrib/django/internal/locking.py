"""In which order a sign-in locks: the user, then their subject, then the records, as saving a user does."""

from collections.abc import Callable
from typing import TypeVar

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import OperationalError, connections, router
from django.http import HttpRequest

from sojourn.contrib.django.database import DjangoDatabase
from sojourn.contrib.django.internal import storage
from sojourn.contrib.django.internal.visit import visits_of
from sojourn.stores.sql.attempts import attempt
from sojourn.stores.sql.faults import contended

T = TypeVar("T")


def user_first(user: AbstractBaseUser, admit: Callable[[], T]) -> T:
    """Run `admit` in one transaction with the user's row locked before the subject's.

    Otherwise a sign-in inside a transaction, which then writes `last_login`, deadlocks with a change of the password.
    If somebody else was in the way (under REPEATABLE READ, whoever wrote `last_login`), it is all done again, unless
    the transaction is the caller's. A store on servers of its own needs none of this. Raises StoreError.
    """
    alias = storage.database()
    if alias is None:
        return admit()
    features = connections[alias].features
    if not features.has_select_for_update or router.db_for_write(type(user), instance=user) != alias:
        return admit()
    rows = type(user)._base_manager.using(alias).filter(pk=user.pk).order_by()
    lock = rows.select_for_update(no_key=features.has_select_for_no_key_update).values_list("pk")
    database = DjangoDatabase(alias)

    def in_order() -> T:
        with database.translated():
            list(lock.all())
        return admit()

    return attempt(database, in_order)


def outrun(request: HttpRequest, error: OperationalError) -> bool:
    """Whether a sign-in failed because somebody else wrote the same row, and would succeed if it were tried again.

    Under REPEATABLE READ, Django's own writing of `last_login` fails so when one user signs in twice at once.
    """
    signing_in = any(visit.sign_in_seen for visit in visits_of(request))
    alias = storage.database() or router.db_for_write(get_user_model())
    return signing_in and contended(connections[alias].vendor, error.__cause__)
