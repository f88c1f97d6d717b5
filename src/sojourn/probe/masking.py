"""Takes every secret out of what leaves the probe: passwords, cookies, tokens, in each form they are written in."""

import base64
import html
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, quote_plus, unquote

from sojourn.probe.exchange import Exchange, Headers

LEAST = 6
"""Values shorter than this are no secrets of a session: a cookie that says "en" is not taken out of every word."""
EXCERPT = 2_000
"""Characters of a body that are shown."""
_TOKEN_LIKE = re.compile(
    r"eyJ[\w-]{6,}\.[\w-]{2,}\.[\w-]*|\b(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{24,}(?:[.:][\w.:-]{6,})*"
)
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Shown:
    """An exchange without its secrets: what reports show."""

    method: str
    url: str
    request: str
    status: int
    answer: str
    milliseconds: int


class Masker:
    """Learns secrets, and replaces them by names: the same secret is the same name wherever it turns up."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._pattern: re.Pattern[str] | None = None

    def learn(self, kind: str, secret: str) -> str:
        """Remember a secret of that kind ("password", a cookie's name); the name that will stand in its place."""
        if len(secret) < (1 if kind == "password" else LEAST):
            return secret
        if secret not in self._names:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._names[secret] = f"[{kind} {self._counts[kind]}]"
            self._pattern = None
        return self._names[secret]

    def learn_from(self, exchange: Exchange) -> None:
        """Remember what an exchange gives away: cookies both ways, tokens in headers."""
        for each in exchange.set_cookies:
            self.learn(each.name, each.value)
        for name, value in exchange.request_headers:
            if name.lower() == "cookie":
                for pair in value.split(";"):
                    key, _, text = pair.strip().partition("=")
                    self.learn(key, text.strip('"'))
            if name.lower() == "authorization":
                self.learn("token", value.partition(" ")[2])

    def mask(self, text: str) -> str:
        """`text` without any secret that is known, nor anything else that looks like a token."""
        if self._pattern is None:
            forms = {form: name for secret, name in self._names.items() for form in _forms(secret)}
            ordered = sorted(forms, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, ordered)) or r"(?!)")
            self._forms = forms
        known = self._pattern.sub(lambda found: self._forms[found[0]], text)
        # Control characters go as well: what an application says is printed on a terminal.
        return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", _TOKEN_LIKE.sub("[token]", known))

    def show(self, exchange: Exchange) -> Shown:
        """What a report may show of an exchange."""
        return Shown(
            exchange.method,
            self.mask(exchange.url),
            self.mask(_text(f"{exchange.method} {exchange.url}", exchange.request_headers, exchange.request_body)),
            exchange.status,
            self.mask(_text(f"HTTP {exchange.status}", exchange.headers, exchange.body))
            + (f"\n[the rest of {len(exchange.body)} characters]" if len(exchange.body) > EXCERPT else ""),
            exchange.milliseconds,
        )

    def show_all(self, exchanges: Iterable[Exchange]) -> tuple[Shown, ...]:
        """What a report may show of several."""
        return tuple(self.show(each) for each in exchanges)


def _text(first: str, headers: Headers, body: str) -> str:
    lines = [first, *(f"{name}: {value}" for name, value in headers)]
    return "\n".join(lines) + (f"\n\n{body[:EXCERPT]}" if body else "")


def _forms(secret: str) -> set[str]:
    plain = {secret, unquote(secret)}
    written = {f(each) for each in plain for f in (quote, quote_plus, html.escape, lambda text: json.dumps(text)[1:-1])}
    encoded = {base64.b64encode(each.encode()).decode().rstrip("=") for each in plain}
    return {each for each in plain | written | encoded if each}
