"""Cookies as a browser keeps them (RFC 6265), with every attribute as it was written: those are what is judged."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from urllib.parse import SplitResult, urlsplit

LONGEST = 16_384
"""Characters of a name and a value that are kept: more than a browser keeps, so that a check can tell of it."""
MOST = 180
"""Cookies that a browser keeps for one site."""
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class SetCookie:
    """One `Set-Cookie` header, read as a browser reads it."""

    name: str
    value: str
    raw: str
    attributes: dict[str, str] = field(default_factory=dict)
    """By name in lower case; those without a value are ""."""

    @property
    def lifetime(self) -> float | None:
        """Seconds for which it is kept, by `Max-Age`; None if only until the browser closes, or by `Expires`."""
        text = self.attributes.get("max-age", "")
        return float(text) if re.fullmatch(r"-?\d{1,18}", text) else None

    def lifetime_at(self, now: float) -> float | None:
        """Seconds for which it is kept as of `now` (seconds since 1970); None if until the browser closes."""
        if self.lifetime is not None:
            return self.lifetime
        try:
            return parsedate_to_datetime(self.attributes["expires"]).timestamp() - now
        except (KeyError, ValueError, OverflowError):
            return None

    def deletes(self, now: float) -> bool:
        """Whether it tells the browser to forget the cookie."""
        kept = self.lifetime_at(now)
        return kept is not None and kept <= 0


def set_cookies(headers: Iterable[str]) -> Iterator[SetCookie]:
    """Read `Set-Cookie` headers; one without a name is ignored."""
    for header in headers:
        pair, *rest = header.split(";")
        name, _, value = pair.partition("=")
        if not name.strip():
            continue
        attributes = {}
        for each in rest:
            key, _, text = each.partition("=")
            attributes[key.strip().lower()] = text.strip()
        yield SetCookie(name.strip(), value.strip().strip('"'), header, attributes)


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie in a browser."""

    name: str
    value: str
    host: str
    path: str
    host_only: bool
    secure: bool

    def goes_to(self, url: SplitResult) -> bool:
        """Whether a browser would send it there."""
        host, path = url.hostname or "", url.path or "/"
        right_host = host == self.host or (not self.host_only and host.endswith("." + self.host))
        below = path == self.path or path.startswith(self.path if self.path.endswith("/") else self.path + "/")
        return right_host and below and (not self.secure or url.scheme == "https" or is_local(host))


class Jar:
    """The cookies of one browser."""

    def __init__(self, cookies: Iterable[Cookie] = ()) -> None:
        self._cookies = {(each.name, each.host, each.path): each for each in cookies}

    def __iter__(self) -> Iterator[Cookie]:
        return iter(tuple(self._cookies.values()))

    def copy(self) -> "Jar":
        """Another jar with the same cookies: what somebody has who stole them."""
        return Jar(self)

    def take(self, url: str, found: Iterable[SetCookie], now: float) -> None:
        """Keep, or forget, what an answer from `url` set at `now` (seconds since 1970)."""
        at = urlsplit(url)
        host = at.hostname or ""
        for each in found:
            if len(each.name) + len(each.value) > LONGEST or _CONTROL.search(each.name + each.value):
                continue
            domain = each.attributes.get("domain", "").lstrip(".").lower()
            if domain and host != domain and not host.endswith("." + domain):
                continue
            path = each.attributes.get("path", "")
            path = path if path.startswith("/") else (at.path.rpartition("/")[0] or "/")
            cookie = Cookie(each.name, each.value, domain or host, path, not domain, "secure" in each.attributes)
            if each.deletes(now):
                self._cookies.pop((cookie.name, cookie.host, cookie.path), None)
            else:
                self._cookies[cookie.name, cookie.host, cookie.path] = cookie
        while len(self._cookies) > MOST:
            del self._cookies[next(iter(self._cookies))]

    def put(self, cookie: Cookie) -> None:
        """Keep a cookie of one's own making."""
        self._cookies[cookie.name, cookie.host, cookie.path] = cookie

    def value(self, name: str) -> str:
        """The value of the cookie of that name; "" if there is none."""
        return next((each.value for each in self if each.name == name), "")

    def with_value(self, name: str, value: str) -> "Jar":
        """A copy in which the cookies of that name have another value."""
        return Jar(replace(each, value=value) if each.name == name else each for each in self)

    def without(self, *names: str) -> "Jar":
        """A copy that lacks some cookies."""
        return Jar(each for each in self if each.name not in names)

    def only(self, *names: str) -> "Jar":
        """A copy that has no others than these."""
        return Jar(each for each in self if each.name in names)

    def header_for(self, url: str) -> str:
        """What a browser would send there as `Cookie`; "" for nothing."""
        at = urlsplit(url)
        going = sorted((each for each in self if each.goes_to(at)), key=lambda each: -len(each.path))
        return "; ".join(f"{each.name}={each.value}" for each in going)


def is_local(host: str) -> bool:
    """Whether a host is this machine, which browsers trust without TLS."""
    return host in {"localhost", "127.0.0.1", "::1"} or host.endswith(".localhost")
