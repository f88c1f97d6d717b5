"""The questions Sojourn asks about a site, with the answers that suit most. Subclass it, and name it in ADAPTER."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from functools import reduce
from operator import or_
from typing import Any
from urllib.parse import urlencode

from django.apps import apps
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db.models import Q
from django.db.models.functions import Length
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.module_loading import import_string

from sojourn.contrib.django.internal.places import places
from sojourn.contrib.django.internal.visit import visit_of
from sojourn.contrib.django.settings import current
from sojourn.core.presets import PRIVILEGED
from sojourn.core.records import Device, Location
from sojourn.web.client import client_address, device_of, hinted

_IMPERSONATORS = ("hijack.", "loginas.")


class Adapter:
    """Override a method to answer otherwise. Each runs before the atomic step, so it may look things up."""

    def subject(self, user: AbstractBaseUser) -> str:
        """The user's subject: the model, the primary key and, so that a reused key is not the same user, when they
        joined (if the model says). At most 255 bytes; must never be another user's. The setting SUBJECT replaces it.
        """
        if current().SUBJECT:
            return str(import_string(current().SUBJECT)(user))
        meta = user._meta.concrete_model._meta  # type: ignore[union-attr]  # only abstract models have none
        key = str(meta.pk.to_python(user.pk))
        joined = getattr(user, "date_joined", None)
        subject = f"{meta.label_lower}|{key}" + (f"|{int(joined.timestamp())}" if joined is not None else "")
        return subject if len(subject.encode()) <= 255 else hashlib.sha256(subject.encode()).hexdigest()

    def credentials(self, user: AbstractBaseUser) -> tuple[str, ...]:
        """Digests of what the user's sign-in rests on, the current one first, then those under SECRET_KEY_FALLBACKS."""
        if not hasattr(user, "get_session_auth_hash"):
            return ()
        hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
        return tuple(hashlib.sha256(text.encode()).hexdigest() for text in hashes)

    def subjects_matching(self, text: str, limit: int) -> Sequence[str]:
        """Subjects of at most `limit` users whose user name or e-mail address has `text` in it, for operators' search;
        the shortest user names first, so that nobody is hidden behind longer ones.
        """
        model = get_user_model()
        names = {model.USERNAME_FIELD, model.get_email_field_name()} & {
            field.name for field in model._meta.get_fields()
        }
        wanted = reduce(or_, (Q((f"{name}__icontains", text)) for name in sorted(names)))
        found = model._base_manager.filter(wanted).order_by(Length(model.USERNAME_FIELD), model.USERNAME_FIELD)
        return [self.subject(user) for user in found[:limit]]

    def users_of(self, subjects: Collection[str]) -> Mapping[str, AbstractBaseUser]:
        """The users whose subjects these are, in one query, for operators to see names. Whoever is not found is shown
        by their subject. Override it together with `subject` or SUBJECT, which it cannot know how to read backwards.
        """
        if current().SUBJECT:
            return {}
        model = get_user_model()
        users = model._base_manager.filter(pk__in=_keys(subjects, model._meta))
        known = {self.subject(user): user for user in users}
        return {subject: known[subject] for subject in subjects if subject in known}

    def email(self, user: AbstractBaseUser) -> str:
        """The one address to which the user is written of their sessions; "" for nobody to be written to."""
        return str(getattr(user, user.get_email_field_name(), "") or "")

    def language(self, user: AbstractBaseUser) -> str:
        """The code of the language in which the user is written to, such as "de"; "" for LANGUAGE_CODE. Nobody asks a
        browser here: whoever signs in anew is perhaps not the user. By default what the user row calls `language`.
        """
        return str(getattr(user, "language", "") or "")

    def time_zone(self, user: AbstractBaseUser) -> str:
        """The name of the zone in which the user is told times, such as "Europe/Berlin"; "" for TIME_ZONE. By default
        what the user row calls `time_zone` or `timezone`.
        """
        return str(getattr(user, "time_zone", "") or getattr(user, "timezone", "") or "")

    def groups(self, user: AbstractBaseUser) -> frozenset[str]:
        """Names that limits may hold or exempt: the user's groups, `staff`, `superuser`, `privileged` (either of
        these) and `user:` with the user name, for a single account.
        """
        names = {f"user:{user.get_username()}"}
        if getattr(user, "is_staff", False):
            names |= {"staff", PRIVILEGED}
        if getattr(user, "is_superuser", False):
            names |= {"superuser", PRIVILEGED}
        if hasattr(user, "groups"):
            names |= set(user.groups.values_list("name", flat=True))
        return frozenset(names)

    def privileges(self, user: AbstractBaseUser) -> str:
        """What the user row says the user may do, as a text that changes when it does: their sessions' keys are then
        renewed at their next requests. Asked at every request, so it must make no query. "": do not look at the row.
        """
        flags = ("is_active", "is_staff", "is_superuser")
        return ",".join(flag for flag in flags if getattr(user, flag, False)) or "none"

    def client(self, request: HttpRequest) -> str:
        """The name of the application signed in to."""
        return current().CLIENT

    def address(self, request: HttpRequest) -> str:
        """The client's address, or "" if it cannot be told."""
        meta = request.META
        return client_address(
            meta.get("REMOTE_ADDR", ""), meta.get("HTTP_X_FORWARDED_FOR", ""), current().TRUSTED_PROXY_HOPS
        )

    def device(self, request: HttpRequest) -> Device:
        """What the user agent and, where a browser sends them, its client hints say of the device; its digest is filled
        in by the caller.
        """
        meta = request.META
        hints = (meta.get(f"HTTP_SEC_CH_UA{part}", "") for part in ("", "_MOBILE", "_PLATFORM"))
        return hinted(device_of(meta.get("HTTP_USER_AGENT", "")), *hints)

    def location(self, address: str) -> Location:
        """Where an address is, for rules: by the databases of GEOIP_DATABASES. An empty one if it is not known."""
        return places().locate(address)

    def place(self, address: str) -> str:
        """Where an address is, for people to read; "" if unknown. By default it is made of the location."""
        return places().text(self.location(address))

    def persistent(self, request: HttpRequest) -> bool:
        """Whether the user asked to stay signed in, as far as the sign-in's own form says."""
        return any(request.POST.get(name) in {"on", "true", "True", "1"} for name in ("remember", "remember_me"))

    def session_expiry(self, request: HttpRequest) -> int | None:
        """How many seconds the sign-in's view lets the session last, where it says so only after `login()`; 0 until
        the browser closes, None if it is not known. So that a sign-in that waits for a choice comes out the same.
        """
        if not _is_view(request, "allauth.account.views", "LoginView"):
            return None
        from allauth.account import app_settings

        remember = app_settings.SESSION_REMEMBER
        lasting = self.persistent(request) if remember is None else remember
        return int(app_settings.SESSION_COOKIE_AGE) if lasting else 0

    def impersonating(self, request: HttpRequest) -> bool:
        """Whether this sign-in is a member of staff acting as a user (django-hijack, django-loginas)."""
        return str(getattr(_view(request), "__module__", "")).startswith(_IMPERSONATORS)

    def next_url(self, request: HttpRequest) -> str:
        """Where the user was going when they signed in; only ever an address of this site."""
        for wanted in (request.POST.get("next"), request.GET.get("next"), visit_of(request).bound_for):
            if wanted and url_has_allowed_host_and_scheme(
                wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
            ):
                return wanted
        match = getattr(request, "resolver_match", None)
        if match is not None and match.app_name == "admin":
            return resolve_url(f"{match.namespace}:index")
        return resolve_url(django_settings.LOGIN_REDIRECT_URL)

    def has_password(self, user: AbstractBaseUser) -> bool:
        """Whether the user has a password that the authentication backends can check, so that it can be asked for
        again. Answer True for users of a directory (LDAP), whose passwords Django does not have itself.
        """
        return user.has_usable_password()

    def reauthentication_url(self, request: HttpRequest, next_url: str) -> str:
        """The page on which a signed-in user proves again who they are, and which then goes on to `next_url`; "" if
        there is none, so that Sojourn asks for the password. By default it is django-allauth's, where that has a way
        for this user. A page of your own calls `sojourn.contrib.django.reauthentication.reauthenticated(request)`.
        """
        if not apps.is_installed("allauth.account"):
            return ""
        from allauth.account import signals
        from allauth.account.adapter import get_adapter

        if not hasattr(signals, "authentication_step_completed"):
            return ""  # a release that would not tell us when it has happened
        ways = get_adapter().get_reauthentication_methods(request.user)
        return f"{ways[0]['url']}?{urlencode({'next': next_url})}" if ways else ""

    def wants_json(self, request: HttpRequest) -> bool:
        """Whether the client would rather have JSON than a page."""
        if request.content_type == "application/json" or request.headers.get("X-Requested-With") == "XMLHttpRequest":
            return True
        preferred = request.get_preferred_type(["text/html", "application/json", "application/problem+json"])
        return preferred is not None and preferred != "text/html"


def _keys(subjects: Collection[str], meta: Any) -> set[Any]:
    """The primary keys that may be in these subjects, with and without the moment that comes after them."""
    keys, prefix = set(), f"{meta.concrete_model._meta.label_lower}|"
    for subject in subjects:
        if not subject.startswith(prefix):
            continue
        text = subject.removeprefix(prefix)
        for each in {text, text.rpartition("|")[0]} - {""}:
            with suppress(ValidationError):
                key = meta.pk.to_python(each)
                meta.pk.run_validators(key)  # a number that no column holds
                keys.add(key)
    return keys


def _view(request: HttpRequest) -> Any:
    """The view that the request goes to: its class, if it has one."""
    found = getattr(getattr(request, "resolver_match", None), "func", None)
    return getattr(found, "view_class", found)


def _is_view(request: HttpRequest, module: str, name: str) -> bool:
    """Whether the request goes to this view class or one made from it."""
    bases = getattr(_view(request), "__mro__", ())
    return any(base.__module__ == module and base.__name__ == name for base in bases)


def adapter() -> Adapter:
    """The site's adapter. Raises ImproperlyConfigured if ADAPTER names anything else: nothing runs on a guess."""
    made = import_string(current().ADAPTER)()
    if not isinstance(made, Adapter):
        raise ImproperlyConfigured("SOJOURN['ADAPTER'] must name a subclass of sojourn.contrib.django.adapter.Adapter.")
    return made
