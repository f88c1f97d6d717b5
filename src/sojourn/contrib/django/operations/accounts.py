"""Whom an operation is about: from what an operator writes to a subject."""

from argparse import ArgumentParser
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from sojourn.contrib.django.adapter import adapter
from sojourn.core.errors import InvalidSubject
from sojourn.core.records import clean_text
from sojourn.core.tokens import check_subject


@dataclass(frozen=True, slots=True)
class Account:
    """A subject, and the user it belongs to; None if nobody is known by it (any more)."""

    subject: str
    user: AbstractBaseUser | None = None

    @property
    def name(self) -> str:
        """The user name or, if nobody is known, the subject; fit for a terminal."""
        return clean_text(self.subject if self.user is None else self.user.get_username())

    def facts(self) -> dict[str, str | None]:
        """Both, for JSON."""
        return {"subject": self.subject, "user": None if self.user is None else self.user.get_username()}


def add_account(parser: ArgumentParser) -> None:
    """The argument USER, and the option that says it is a subject."""
    parser.add_argument("user", metavar="USER", help="A user name or a primary key; with --subject, a subject.")
    parser.add_argument(
        "--subject",
        action="store_true",
        help="USER is a subject, as `list --json` shows it: for somebody whose account is gone.",
    )


def account(text: str, *, is_subject: bool = False) -> Account:
    """The account that is meant. Raises CommandError if there is none, or if it is not clear which."""
    if is_subject:
        try:
            return account_of(check_subject(text))
        except InvalidSubject:
            raise CommandError("That cannot be a subject: 1 to 255 bytes, no control characters.") from None
    model = get_user_model()
    found = {user.pk: user for user in model._base_manager.filter(**{model.USERNAME_FIELD: text})[:2]}
    with suppress(ValidationError, ValueError, OverflowError):  # no primary key looks like that
        found |= {user.pk: user for user in model._base_manager.filter(pk=model._meta.pk.to_python(text))}
    if not found:
        raise CommandError(
            f"There is no user '{text[:80]}'. Write the user name or the primary key; if the account is gone, write "
            "--subject and the subject, as `list --json` shows it."
        )
    if len(found) > 1:
        keys = " and ".join(f"{clean_text(user.get_username())} ({key})" for key, user in found.items())
        raise CommandError(f"'{text[:80]}' is the name of one user and the key of another: {keys}. Write --subject.")
    user: Any = next(iter(found.values()))
    return Account(adapter().subject(user), user)


def account_of(subject: str) -> Account:
    """The account of a subject."""
    return Account(subject, adapter().users_of([subject]).get(subject))
