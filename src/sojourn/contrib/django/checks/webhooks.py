"""Checks of WEBHOOKS. They look at the settings and never connect."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as Caution

from sojourn.contrib.django.checks.findings import present, when_enabled
from sojourn.contrib.django.webhooks import EXAMPLE_SECRET


@when_enabled
def check_webhook_secrets() -> Iterator[CheckMessage]:
    """Each receiver has a secret of its own, which nobody else knows."""
    users: dict[str, str] = {}
    for webhook in present().WEBHOOKS:
        if EXAMPLE_SECRET in webhook.secrets:
            yield Error(
                f"The webhook '{webhook.name}' has the secret of the documentation: everybody can sign what it gets.",
                hint="Write what `manage.py sojourn webhook --secret` prints, and give the receiver the same.",
                id="sojourn.E060",
            )
            continue
        shared = next((users[secret] for secret in webhook.secrets if secret in users), None)
        if shared is not None:
            yield Caution(
                f"The webhooks '{shared}' and '{webhook.name}' have a secret in common: the receiver of the one can "
                "sign what the other believes.",
                hint="Write a secret of its own for each: `manage.py sojourn webhook --secret` makes one.",
                id="sojourn.W060",
            )
        users |= dict.fromkeys(webhook.secrets, webhook.name)


@when_enabled
def check_webhook_transport() -> Iterator[CheckMessage]:
    """What is sent cannot be read on its way."""
    for webhook in present().WEBHOOKS:
        if urlsplit(webhook.url).scheme == "http":
            yield Caution(
                f"The webhook '{webhook.name}' is sent over http: whoever is on its way can read who signs in, from "
                "where.",
                hint="Let its receiver speak https, if more than this machine is between the two.",
                id="sojourn.W061",
            )


@when_enabled
def check_webhook_admins() -> Iterator[CheckMessage]:
    """Somebody learns that a receiver has failed for so long that nothing is sent to it any more."""
    if present().WEBHOOKS and not django_settings.ADMINS:
        yield Caution(
            "WEBHOOKS are set and ADMINS is empty: a receiver that has failed for days is disabled, and nobody told.",
            hint="Write who is to be told by mail into Django's ADMINS; or watch the log 'sojourn.delivery', or "
            "`manage.py sojourn doctor`.",
            id="sojourn.W062",
        )
