"""Checks of the applications, addresses and templates that Sojourn's pages need."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings as django_settings
from django.conf.urls.i18n import is_language_prefix_patterns_used
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as Caution
from django.shortcuts import resolve_url
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.urls import NoReverseMatch, Resolver404, get_script_prefix, resolve, reverse

from sojourn.contrib.django.checks.findings import load, present, when_enabled
from sojourn.core.policy import Overflow

PAGES = (
    *("ended", "refused", "paused", "choose", "choice_over", "sessions", "confirm", "signed_out", "unavailable"),
    *("not_me", "not_me_over", "not_me_done", "was_it_you", "disowned"),
)


def _needed() -> Iterator[tuple[str, str]]:
    yield "django.contrib.auth", "Sojourn controls the sessions of its users"
    try:
        engine = getattr(load(f"{django_settings.SESSION_ENGINE}.SessionStore"), "get_model_class", None)
    except ImportError:
        return  # Django says so at the first request
    if engine is not None:
        yield "django.contrib.sessions", "this SESSION_ENGINE keeps sessions in its table"


@when_enabled
def check_applications() -> Iterator[CheckMessage]:
    """Django's own applications are there."""
    for name, reason in _needed():
        if not apps.is_installed(name):
            yield Error(
                f"'{name}' is missing from INSTALLED_APPS: {reason}.",
                hint=f"Add '{name}' to INSTALLED_APPS.",
                id="sojourn.E010",
            )


@when_enabled
def check_urls() -> Iterator[CheckMessage]:
    """Somebody who is asked to choose has a page to choose on."""
    found = present()
    limits = found.LIMITS or (found.PRESET.limits if found.PRESET else ())
    asks = found.PING_PONG is not None and found.PING_PONG.then is Overflow.ASK
    if found.POLICY or not any(limit.overflow is Overflow.ASK or asks for limit in limits):
        return
    if not getattr(django_settings, "ROOT_URLCONF", None):
        return
    try:
        reverse("sojourn:choose")
    except NoReverseMatch:
        yield Error(
            "A limit asks users which session to end, but Sojourn's pages have no address: they would be refused.",
            hint='Add path("sessions/", include("sojourn.contrib.django.urls")) to your urlpatterns.',
            id="sojourn.E011",
        )


@when_enabled
def check_sign_in() -> Iterator[CheckMessage]:
    """Whoever has been signed out, or is to sign in first, is led to a page on which they can."""
    addresses = getattr(django_settings, "ROOT_URLCONF", None)
    if not addresses:
        return
    name = django_settings.LOGIN_URL if isinstance(django_settings.LOGIN_URL, str) else "reverse_lazy(...)"
    hint = 'Write the name or the path of your sign-in page, such as LOGIN_URL = "login" or LOGIN_URL = "admin:login".'
    try:
        address = resolve_url(django_settings.LOGIN_URL)
    except NoReverseMatch:
        yield Error(
            f"LOGIN_URL is '{name}', and no page has that name: browsers whose session ended, or was refused, would "
            "get a server error.",
            hint=hint,
            id="sojourn.E019",
        )
        return
    if not _leads_somewhere(address, addresses):
        yield Caution(
            f"LOGIN_URL is '{name}', where there is no page: \"Sign in again\" on Sojourn's pages would lead nowhere.",
            hint=f"{hint} If something before Django answers there, silence this check.",
            id="sojourn.W013",
        )


def _leads_somewhere(address: str, addresses: str) -> bool:
    """Whether there is a page, as far as the site's `addresses` can tell: they cannot for those of other hosts, and
    where a language is put before them.
    """
    where = urlsplit(address)
    here = not where.netloc and where.path.startswith(get_script_prefix())
    if not here or is_language_prefix_patterns_used(addresses)[0]:
        return True
    path = f"/{where.path.removeprefix(get_script_prefix())}"
    for each in (path, f"{path}/") if django_settings.APPEND_SLASH else (path,):
        try:
            resolve(each)
        except Resolver404:
            continue
        return True
    return False


@when_enabled
def check_pages() -> Iterator[CheckMessage]:
    """The templates are found, and so is their stylesheet."""
    missing = []
    for name in PAGES:
        try:
            get_template(f"sojourn/{name}.html")
        except TemplateDoesNotExist as error:
            missing.append(str(error))
    if missing:
        yield Caution(
            f"Templates of Sojourn's pages are not found: {', '.join(sorted(set(missing)))}. Browsers whose session "
            "ended, or was refused, would get a server error in their place.",
            hint='Set "APP_DIRS": True for the DjangoTemplates backend in TEMPLATES. '
            "A site that answers JSON only can silence this check.",
            id="sojourn.W010",
        )
    elif not apps.is_installed("django.contrib.staticfiles") or not django_settings.STATIC_URL:
        yield Caution(
            "Without 'django.contrib.staticfiles' and a STATIC_URL, Sojourn's pages come without their stylesheet.",
            hint="Add 'django.contrib.staticfiles' to INSTALLED_APPS and set STATIC_URL = \"static/\".",
            id="sojourn.W011",
        )
