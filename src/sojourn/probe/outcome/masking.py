"""Takes every secret out of what leaves the probe: passwords, cookies, tokens, in each form they are written in."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from sojourn.probe.outcome.spelling import anyhow, usual
from sojourn.probe.wire.exchange import Exchange, Headers

LEAST = 6
"""A cookie that says "en" is not taken out of every word: what is shorter is taken out where a header carries it."""
EXCERPT = 2_000
"""Characters of a body that are shown."""
QUOTED = 200
"""Characters of what an application says that are quoted in a sentence."""
_BEYOND = 20_000
"""Characters behind the cut in which a secret may end that begins before it: more than any cookie that is kept."""
_PART = 16
"""Characters of a part of a signed token that is as good as the whole."""
_TOKEN_LIKE = re.compile(r"eyJ[\w-]{6,}\.[\w-]{2,}\.[\w-]*|(?<![\w-])[\w-]{24,}(?:[.:][\w.:-]{6,})?")
_NAMED = re.compile(
    # What calls itself a token, in addresses, forms, headers and JSON.
    r"((?:csrf|xsrf|token|ticket|nonce|secret|jwt|passw|otp|samlresponse|samlrequest|assertion|[?&]code)(?!_?types?\b)"
    r"[\w-]{0,40}(?:\]|%5D)?\\?[\"']?\s{0,4}[=:]\s{0,4}\\?[\"']?)(?!\[)[^\s\"'&;,<>\\]{6,}",
    re.IGNORECASE,
)
_TAG = re.compile(r"<(?:input|meta)\b[^<>]{0,4000}>?", re.IGNORECASE)
_HELD = re.compile(r"(\b(?:value|content)\s{0,9}=\s{0,9})(\"[^\"]*\"?|'[^']*'?|[^\s\"'>]+)", re.IGNORECASE)
_OF_SECRETS = re.compile(r"csrf|xsrf|token|ticket|nonce|secret|auth|verif|session|state|code|saml", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


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
        self._passwords: list[tuple[re.Pattern[str], str]] = []
        self._forms: dict[str, str] = {}
        self._short: dict[tuple[str, str], str] = {}

    def learn(self, kind: str, secret: str) -> str:
        """Remember a secret of that kind ("password", a cookie's name); the name that will stand in its place."""
        if len(secret) < (1 if kind == "password" else LEAST):
            return secret
        if secret not in self._names:
            name = self._names[secret] = self._next_name(kind)
            if kind == "password":
                self._passwords.append((anyhow(secret), name))
            parts = [each for each in re.split(r"[.:|!]", unquote(secret)) if len(each) >= _PART]
            for form in {form for each in (secret, *parts) for form in usual(each) if len(form) >= LEAST}:
                self._forms.setdefault(form, name)
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
        for pattern, name in self._passwords:
            text = pattern.sub(name, text)
        text = self._known(text).sub(lambda found: self._forms[found[0]], text)
        # Control characters go as well: what an application says is printed on a terminal.
        return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", _TOKEN_LIKE.sub(_token, text))

    def mask_data(self, text: str) -> str:
        """The same for what is no prose: without what a page hides, or an address calls a token, either."""
        return _NAMED.sub(r"\1[token]", _TAG.sub(_without_value, self.mask(text)))

    def quote(self, text: str) -> str:
        """The beginning of what an application says, in quotation marks; "" of nothing.

        Cut off between two words, and only once it is without secrets: a password may have spaces.
        """
        said = self.mask_data(text[:_BEYOND])
        return repr(said if len(said) <= QUOTED else said[:QUOTED].rpartition(" ")[0] + " ...") if said else ""

    def show(self, exchange: Exchange) -> Shown:
        """What a report may show of an exchange."""
        return Shown(
            exchange.method,
            self.mask_data(exchange.url),
            self.mask_data(
                self._text(f"{exchange.method} {exchange.url}", exchange.request_headers, exchange.request_body)
            ),
            exchange.status,
            self.mask_data(self._text(f"HTTP {exchange.status}", exchange.headers, exchange.body))
            + (f"\n[the rest of {len(exchange.body)} characters]" if len(exchange.body) > EXCERPT else ""),
            exchange.milliseconds,
        )

    def show_all(self, exchanges: Iterable[Exchange]) -> tuple[Shown, ...]:
        """What a report may show of several."""
        return tuple(self.show(each) for each in exchanges)

    def _known(self, text: str) -> re.Pattern[str]:
        """Finds those of the secrets that are in `text`, the longest first: of all there may be very many."""
        there = sorted((form for form in self._forms if form in text), key=len, reverse=True)
        return re.compile("|".join(map(re.escape, there)) or r"(?!)")

    def _text(self, first: str, headers: Headers, body: str) -> str:
        lines = [first, *(f"{name}: {self._without_short(name.lower(), value)}" for name, value in headers)]
        return "\n".join(lines) + (f"\n\n{self._cut(body)}" if body else "")

    def _without_short(self, header: str, value: str) -> str:
        """A header without values that are too short to be looked for everywhere: those of cookies and tokens."""
        if header == "cookie":
            return ";".join(self._pair(each, "=") for each in value.split(";"))
        if header == "set-cookie":
            pair, sign, rest = value.partition(";")
            return self._pair(pair, "=") + sign + rest
        return self._pair(value, " ", "token") if header == "authorization" else value

    def _pair(self, pair: str, sign: str, kind: str = "") -> str:
        name, _, value = pair.partition(sign)
        bare = value.strip().strip('"')
        return f"{name}{sign}{self._short_name(kind or name.strip(), bare)}" if 0 < len(bare) < LEAST else pair

    def _short_name(self, kind: str, value: str) -> str:
        """The same value of the same cookie has the same name."""
        if (kind, value) not in self._short:
            self._short[kind, value] = self._next_name(kind)
        return self._short[kind, value]

    def _next_name(self, kind: str) -> str:
        kind = "password" if kind == "password" else self.mask(kind)  # the application chooses how it calls it
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return f"[{kind} {self._counts[kind]}]"

    def _cut(self, body: str) -> str:
        """The beginning of a body; a secret that the cut would divide is left out, for a half of it may be enough."""
        text, end = body[: EXCERPT + _BEYOND], EXCERPT
        patterns = (*(each for each, _ in self._passwords), self._known(text), _TOKEN_LIKE, _NAMED, _TAG)
        spans = [found.span() for each in patterns for found in each.finditer(text) if found.start() < EXCERPT]
        for start, stop in sorted(spans, reverse=True):
            if start < end < stop:
                end = start
        return text[:end] if len(body) > EXCERPT else body


def _token(found: re.Match[str]) -> str:
    """A run of letters and digits that looks made by chance: with both of them in it."""
    run = re.split("[.:]", found[0])[0] if not found[0].startswith("eyJ") else found[0]
    return "[token]" if re.search(r"\d", run) and re.search("[A-Za-z]", run) else found[0]


def _without_value(tag: re.Match[str]) -> str:
    """A hidden field, or a `<meta>`, without a value that may be a token."""
    if "hidden" not in tag[0].lower() and not tag[0].lower().startswith("<meta"):
        return tag[0]

    def hidden(found: re.Match[str]) -> str:
        value = found[2].strip("\"'")
        named = len(value) >= LEAST and _OF_SECRETS.search(tag[0]) is not None
        is_secret = (named or re.fullmatch(r"[\w.~+/=:%-]{16,}", value)) and not value.startswith("[")
        return f'{found[1]}"[hidden]"' if is_secret else found[0]

    return _HELD.sub(hidden, tag[0])
