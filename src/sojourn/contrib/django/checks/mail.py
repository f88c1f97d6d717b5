"""Checks of what notices by e-mail need: a user's address, a sender, and a server that is not waited for forever."""

from collections.abc import Iterator

from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.core import mail
from django.core.checks import CheckMessage
from django.core.checks import Warning as Caution
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured

from sojourn.contrib.django.adapter import Adapter
from sojourn.contrib.django.checks.findings import is_kind, load, present, when_enabled
from sojourn.contrib.django.notices.sending import TIMEOUT, TIMEOUT_MAX
from sojourn.notify.notices import Channel

SMTP = "django.core.mail.backends.smtp.EmailBackend"
_NOWHERE = {f"django.core.mail.backends.{name}.EmailBackend" for name in ("console", "dummy", "filebased")}
_MEMORY = "django.core.mail.backends.locmem.EmailBackend"
"""Nothing but Django's tests reads what it keeps, and where they do, it is theirs."""
_SENDER = "webmaster@localhost"
"""Django's own DEFAULT_FROM_EMAIL."""
_SILENCE = 'write every kind of notice into SOJOURN["NOTICES"], none of them with "mail"'


def _mails() -> bool:
    return present().NOTICES.use(Channel.MAIL)


def _adapter() -> type[Adapter]:
    """The site's adapter; the default one where ADAPTER names none, which another check says."""
    try:
        found = load(present().ADAPTER)
    except ImportError:
        return Adapter
    return found if is_kind(found, Adapter) else Adapter  # type: ignore[return-value]  # is_kind has made sure


@when_enabled
def check_recipients() -> Iterator[CheckMessage]:
    """Whoever is to be written to can be found, and has an address."""
    if not _mails():
        return
    if present().SUBJECT and _adapter().users_of is Adapter.users_of:
        yield Caution(
            "SOJOURN['SUBJECT'] names users in a way of its own, and nothing says whose subject it is: nobody would be "
            "written to.",
            hint="Write `users_of` in your ADAPTER, which finds the users of subjects.",
            id="sojourn.W050",
        )
    try:
        model = get_user_model()
        model._meta.get_field(model.get_email_field_name())
    except FieldDoesNotExist:
        if _adapter().email is Adapter.email:
            yield Caution(
                "The user model has no field with an e-mail address: nobody would be written to.",
                hint="Write `email` in your ADAPTER, which says where somebody is written to. Or "
                f"{_SILENCE}, so that nobody waits for mails.",
                id="sojourn.W051",
            )
    except ImproperlyConfigured:
        return  # Django says so


@when_enabled
def check_sender() -> Iterator[CheckMessage]:
    """Mails have a sender, go somewhere, and are not waited for without an end."""
    if not _mails():
        return
    backend, timeout = django_settings.EMAIL_BACKEND, django_settings.EMAIL_TIMEOUT
    if backend in _NOWHERE or (backend == _MEMORY and not hasattr(mail, "outbox")):
        yield Caution(
            f"EMAIL_BACKEND is '{backend}', which sends nothing: nobody learns of sign-ins to their account.",
            hint=f"Set EMAIL_BACKEND to one that sends, such as '{SMTP}'; or {_SILENCE}.",
            id="sojourn.W053",
        )
    elif django_settings.DEFAULT_FROM_EMAIL == _SENDER and backend == SMTP:
        yield Caution(
            f"DEFAULT_FROM_EMAIL is '{_SENDER}': many mail servers refuse what comes from there.",
            hint='Set DEFAULT_FROM_EMAIL, for instance to "Example <no-reply@example.org>".',
            id="sojourn.W052",
        )
    if backend == SMTP and (timeout is None or timeout > TIMEOUT_MAX):
        waits = "without an end" if timeout is None else f"{timeout} seconds for each answer"
        yield Caution(
            f"Whatever your site sends by mail waits {waits} for a mail server that says nothing. Sojourn's own mails "
            f"wait {min(timeout or TIMEOUT, TIMEOUT_MAX)} seconds, and never in a request.",
            hint=f"Set EMAIL_TIMEOUT = {TIMEOUT}.",
            id="sojourn.W054",
        )
