"""The one place where bytes leave the probe: to named hosts only, each answer bounded in time and in size."""

import ssl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import urlencode, urlsplit

import httpx

from sojourn.probe.errors import OffLimits, OutOfTime, Unreachable, WrongProfile
from sojourn.probe.profiles.profile import Profile
from sojourn.probe.wire.decoding import ACCEPTED, Unpacking
from sojourn.probe.wire.exchange import Exchange

MAX_BODY = 1_000_000
"""Bytes of an answer that are read; what comes after is cut off."""

USER_AGENT = "Mozilla/5.0 (compatible; sojourn-probe)"
"""Of whoever says nothing else."""

Fields = Mapping[str, str | list[str]]
"""What a form sends; several values for a name that was chosen several times."""


class Network:
    """Sends requests, and remembers every exchange. Safe to use from several threads."""

    def __init__(self, profile: Profile, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.profile = profile
        self.exchanges: list[Exchange] = []
        self.closing = ExitStack()
        """What else is to be closed in the end, such as a real browser."""
        self._clock = clock
        self._ends = clock() + profile.max_time
        self._lock = threading.Lock()
        try:
            self._tls = ssl.create_default_context(cafile=profile.ca or None)
        except OSError as error:  # an SSLError is one, too
            raise WrongProfile(f"{profile.ca} holds no certificate authority: {error.strerror or error}") from None
        self._client = self._connect()

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        form: Fields | None = None,
        json: str | None = None,
        raw: str = "",
        at_most: int = MAX_BODY,
    ) -> Exchange:
        """Send one request and read its answer, `at_most` so many bytes of it; follow nothing, keep no cookie.

        `raw` is a body of which the headers say what it is. No more than MAX_BODY of an answer is remembered.
        Raises OffLimits where the host is not one of the operator's, Unreachable where no answer comes, OutOfTime when
        the audit's time is over.
        """
        if not self.profile.may_ask(url):
            raise OffLimits(f"{_host(url)} is not named: nothing is sent there (--host names it)")
        if self._clock() > self._ends:
            raise OutOfTime(f"The audit has taken {self.profile.max_time:g} seconds (--max-time)")
        body, sent = raw, dict(headers)
        began = self._clock()
        try:
            if form is not None:
                body, sent["Content-Type"] = urlencode(form, doseq=True), "application/x-www-form-urlencoded"
            elif json is not None:
                body, sent["Content-Type"] = json, "application/json"
            exchange = self._read(method, url, sent, body, began, at_most)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, RuntimeError) as error:  # the last two: cut off
            raise Unreachable(f"{method} {_bare(url)}: {type(error).__name__}") from None  # its text may show a token
        with self._lock:
            is_long = len(exchange.body) > MAX_BODY
            self.exchanges.append(replace(exchange, body=exchange.body[:MAX_BODY], cut=True) if is_long else exchange)
        return exchange

    def forget_bodies(self) -> None:
        """Drop the texts of all answers up to now, which together would be without bound; the rest is kept."""
        with self._lock:
            self.exchanges = [replace(each, body="") if each.body else each for each in self.exchanges]

    def extend(self, seconds: float) -> None:
        """Leave at least so much time from now on: for signing out, when the audit's own time is over."""
        self._ends = max(self._ends, self._clock() + seconds)

    def lengthen(self, seconds: float) -> None:
        """Leave so much more time: what is spent waiting is not the audit's own."""
        self._ends += seconds

    def close(self) -> None:
        """Give the connections back, and close what else was opened."""
        try:
            self.closing.close()
        finally:
            self._client.close()

    def _read(self, method: str, url: str, headers: dict[str, str], body: str, began: float, at_most: int) -> Exchange:
        raw = {name.encode(): value.encode() for name, value in headers.items()}  # a cookie may hold more than ASCII
        patience = threading.Timer(2 * self.profile.answer_time, self._cut_off)
        patience.daemon = True
        patience.start()
        try:
            return self._stream(method, url, raw, body, began, at_most)
        finally:
            patience.cancel()

    def _stream(
        self, method: str, url: str, raw: dict[bytes, bytes], body: str, began: float, at_most: int
    ) -> Exchange:
        with self._client.stream(method, url, headers=raw, content=body.encode() or None) as answer:
            unpacking = Unpacking(answer.headers.get("content-encoding", ""), at_most)
            for chunk in answer.iter_raw():
                unpacking.feed(chunk)
                unpacking.cut = unpacking.cut or self._clock() - began > self.profile.answer_time
                if unpacking.cut:
                    break
            return Exchange(
                method,
                url,
                tuple((name, value) for name, value in answer.request.headers.items()),
                body,
                answer.status_code,
                tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers.raw),
                unpacking.text(answer.headers.get("content-type", "")),
                int((self._clock() - began) * 1000),
                unpacking.cut,
            )

    def _connect(self) -> httpx.Client:
        return httpx.Client(
            timeout=httpx.Timeout(self.profile.answer_time / 2, pool=None),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=64),
            headers={
                "User-Agent": USER_AGENT,
                "Accept-Language": "en",
                "Accept-Encoding": ACCEPTED,
            },
            # Its own jar keeps nothing: one visitor's cookies would go out with another's.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            verify=self._tls,
        )

    def _cut_off(self) -> None:
        """Close every connection: one of them drips its headers for longer than a whole answer may take."""
        with self._lock:
            given_up, self._client = self._client, self._connect()
        given_up.close()


def _host(url: str) -> str:
    """The host with its port, without what else may stand before it; whatever `url` is."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2] or "What is no address"
    except ValueError:
        return "What is no address"


def _bare(url: str) -> str:
    at = urlsplit(url)
    return f"{at.scheme}://{_host(url)}{at.path}"
