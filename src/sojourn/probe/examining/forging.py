"""Requests as another site's page has a browser send them: what forms there hold, where they say they come from."""

import re
from collections.abc import Mapping

from sojourn.probe.examining.examination import Examination
from sojourn.probe.reading.pages import forms
from sojourn.probe.wire.visitor import Visitor

ELSEWHERE = "https://attacker.example"
"""The other site. Nothing is ever sent there (RFC 2606)."""
_TOKEN = re.compile(r"csrf|xsrf|token|nonce|verif|authenticity|state", re.IGNORECASE)


def guessable(examination: Examination, visitor: Visitor, url: str) -> dict[str, str]:
    """What of the form that goes to `url` anybody could know: its fields without tokens; {} where no page has it."""
    for mark in examination.survey.marks:
        for form in forms(visitor.twin().get(mark.url)):
            if form.url == url:
                return _without_tokens(form.values)
    return {}


def _without_tokens(values: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in values.items()
        if not _TOKEN.search(name) and not re.fullmatch(r"[\w.~+/=:-]{16,}", value)
    }


def same_site(examination: Examination, name: str) -> str:
    """What the cookie of that name said last of other sites: "lax", "strict", "none"; "" for nothing."""
    for exchange in reversed(examination.network.exchanges):
        for cookie in exchange.set_cookies:
            if cookie.name == name and cookie.value:
                return cookie.attributes.get("samesite", "").lower()
    return ""
