"""The user, read in one statement with the session's record: where that is exactly what Django itself would read.

Django asks the session's authentication backend for the user, in a query of its own, and then compares the session's
hash of the password. Where the backend's `get_user` and the user model's manager are Django's own, the query can be
known beforehand, and the look-up of the record brings its row along. Anything else is left to Django: another backend,
manager, router or middleware, and a user who is not there, not active, or has another password since.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

from django.conf import settings as django_settings
from django.contrib import auth
from django.contrib.auth import backends as auth_backends
from django.contrib.auth import get_user_model, load_backend
from django.contrib.auth import middleware as auth_middleware
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import ValidationError
from django.core.signals import setting_changed
from django.db import connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject, empty

from sojourn.contrib.django.internal import storage
from sojourn.contrib.django.internal.carrier import Carried
from sojourn.contrib.django.internal.wiring import control
from sojourn.control import SessionControl
from sojourn.control.rules import token_of
from sojourn.core.outcomes import Authenticated, Authentication, Unknown
from sojourn.stores.observed import ObservedStore
from sojourn.stores.sql import Beside, Row, SQLStore

_PLAIN = {"__module__", "__doc__", "__slots__", "__parameters__", "__orig_bases__"}
"""What every class has of its own, whatever it does."""


@dataclass(frozen=True, slots=True)
class _Query:
    """How Django reads one user by primary key on one connection."""

    model: Any
    columns: str
    source: str
    condition: str
    names: Sequence[str]
    converters: Sequence[tuple[int, Sequence[Callable[..., Any]], Any]]

    def beside(self, key: object) -> Beside:
        """What to read for the user with this key."""
        return Beside(self.columns, len(self.names), self.source, self.condition, (key,))

    def instance(self, row: Row, connection: BaseDatabaseWrapper) -> Any:
        """The user in a row, made as Django's compiler and ModelIterable make it."""
        values = list(row)
        for position, converters, expression in self.converters:
            for convert in converters:
                values[position] = convert(values[position], expression, connection)
        return self.model.from_db(connection.alias, self.names, values)


@dataclass(slots=True)
class UserAlong:
    """The user that Django would load for a session, to be read along with its record."""

    observed: ObservedStore
    store: SQLStore
    connection: BaseDatabaseWrapper
    query: _Query
    key: object
    backend: Any
    auth_hash: str = field(repr=False)
    user: Any = None
    """The user, once the record is found live and if Django would find them by this session; None otherwise."""

    def authenticate(self, control: SessionControl, token: str, *, passive: bool) -> Authentication:
        """`SessionControl.authenticate`, which also fills in `user`. One read for both."""
        parsed = token_of(token)
        if parsed is None:
            return Unknown()
        digest, beside = parsed.digest(), self.query.beside(self.key)
        session, row = self.observed.lookup_along(digest, lambda: self.store.lookup_beside(digest, beside))
        found = control.recognise(parsed, session, passive=passive)
        if row is not None and isinstance(found, Authenticated):
            self.user = self._accepted(row)
        return found

    def _accepted(self, row: Row) -> Any:
        """The user in the row, if Django would accept them; otherwise Django is to see for itself."""
        user = self.query.instance(row, self.connection)
        if not self.backend.user_can_authenticate(user):
            return None
        if hasattr(user, "get_session_auth_hash") and not (
            self.auth_hash and constant_time_compare(self.auth_hash, user.get_session_auth_hash())
        ):
            return None  # and Django sees whether it was made with an older SECRET_KEY
        return user or None


def user_along(request: HttpRequest, carried: Carried) -> UserAlong | None:
    """What to read along with the record of this session; None if Django must read the user by itself."""
    observed, alias = control().store, storage.database()
    if alias is None or not isinstance(observed, ObservedStore) or not isinstance(observed.store, SQLStore):
        return None
    if carried.user_key is None or not _will_ask(request):
        return None
    if not isinstance(carried.backend, str) or carried.backend not in django_settings.AUTHENTICATION_BACKENDS:
        return None
    backend: Any = load_backend(carried.backend)
    model = get_user_model()
    if not _is_stock(type(backend)) or "get_user" in vars(backend) or not _is_stock_model(model):
        return None
    if model._default_manager.db != alias:
        return None
    connection = connections[alias]
    query = _query(model, connection)
    key = None if query is None else _key(model, carried.user_key, connection)
    if query is None or key is None:
        return None
    auth_hash = carried.auth_hash if isinstance(carried.auth_hash, str) else ""
    return UserAlong(observed, observed.store, connection, query, key, backend, auth_hash)


def _will_ask(request: HttpRequest) -> bool:
    """Whether nobody has looked who the user is yet, and whoever does will ask Django's own middleware."""
    lazy = request.__dict__.get("user")
    if type(lazy) is not SimpleLazyObject or "_cached_user" in request.__dict__:
        return False
    inside = lazy.__dict__
    asks = inside.get("_setupfunc")
    return (
        inside["_wrapped"] is empty
        and getattr(asks, "__globals__", None) is vars(auth_middleware)  # a copy of the file has equal code
        and getattr(asks, "__code__", None) in _middleware_code()
        and _are_djangos()
    )


def _are_djangos() -> bool:
    """Whether nobody has put a function of their own in the place of one by which Django's middleware finds users."""
    return (
        getattr(auth_middleware.get_user, "__globals__", None) is vars(auth_middleware)
        and getattr(auth.get_user, "__globals__", None) is vars(auth)
        and getattr(ModelBackend.get_user, "__globals__", None) is vars(auth_backends)
    )


@cache
def _middleware_code() -> frozenset[Any]:
    """The functions that Django's AuthenticationMiddleware puts behind `request.user`."""
    return frozenset(
        each
        for each in auth_middleware.AuthenticationMiddleware.process_request.__code__.co_consts
        if hasattr(each, "co_code")
    )


def _is_stock(backend: type[Any]) -> bool:
    return getattr(backend, "get_user", None) is ModelBackend.get_user


@cache
def _is_stock_model(model: type[models.Model]) -> bool:
    """Whether `model._default_manager.get(pk=...)` does what Django's own manager and query set do.

    Either may have more to offer, but what they have of Django's must be Django's.
    """
    manager: Any = model._default_manager
    kind, rows = type(manager), manager._queryset_class
    asked = {"get", "get_queryset", "db"}
    return (
        not asked & vars(manager).keys()
        and all(getattr(kind, name) is getattr(models.Manager, name) for name in asked)
        and not _overridden(rows, models.QuerySet)
    )


def _overridden(kind: type[Any], base: type[Any]) -> set[str]:
    """What of `base` a class made from it does in another way."""
    before = kind.__mro__[: kind.__mro__.index(base)] if base in kind.__mro__ else [base]
    return {name for each in before for name in vars(each)} & {*vars(base), "__new__", "__getattribute__"} - _PLAIN


_queries: WeakKeyDictionary[BaseDatabaseWrapper, dict[type[Any], _Query | None]] = WeakKeyDictionary()


def _query(model: Any, connection: BaseDatabaseWrapper) -> _Query | None:
    """The query for a user of `model`, compiled once for each connection; None if it cannot be known beforehand."""
    known = _queries.setdefault(connection, {})
    if model not in known:
        known[model] = _compiled(model, connection)
    return known[model]


def _compiled(model: Any, connection: BaseDatabaseWrapper) -> _Query | None:
    sample: Any = uuid.UUID(int=1) if isinstance(model._meta.pk, models.UUIDField) else 1
    try:
        rows = model._default_manager.get_queryset().filter(pk=sample).order_by()
        compiler = rows.query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        condition, _ = compiler.compile(compiler.query.where)
    except Exception:  # noqa: BLE001  # a field of the site's own takes no such key, and says so in its own way
        return None
    columns = ", ".join(text for _, (text, _), _ in compiler.select)
    before, after = f"SELECT {columns} FROM ", f" WHERE {condition}"  # noqa: S608  # compared, never sent
    source = sql.removeprefix(before).removesuffix(after)
    # These three are all of it, and nothing stands for a value but the key.
    if sql != before + source + after or list(params) != [model._meta.pk.get_db_prep_value(sample, connection)]:
        return None
    read = [column for column, _, _ in compiler.select]
    if compiler.has_composite_fields(read) or compiler.annotation_col_map:
        return None
    names = [column.target.attname for column in read]
    converters = [(at, *found) for at, found in compiler.get_converters(read).items()]
    # Tables that are joined become one operand of the outer join.
    return _Query(model, columns, f"({source})" if " JOIN " in source else source, condition, names, converters)


def _key(model: Any, text: str, connection: BaseDatabaseWrapper) -> Any:
    """The primary key in a session, as the driver takes it; None for one that needs Django's judgement."""
    field: Any = model._meta.pk
    try:
        value = field.to_python(text)
    except ValidationError:
        return None
    while field.remote_field is not None:  # a model that inherits its key from another
        field = field.target_field
    if isinstance(value, int):
        bounds: tuple[Any, Any] = connection.ops.integer_field_range(field.get_internal_type())
        fits = (bounds[0] is None or bounds[0] <= value) and (bounds[1] is None or value <= bounds[1])
    else:
        fits = isinstance(value, uuid.UUID) or (isinstance(value, str) and value.isprintable())
    return field.get_db_prep_value(value, connection) if fits else None


def _forget(**_: object) -> None:
    _queries.clear()


setting_changed.connect(_forget, dispatch_uid="sojourn.joined")
