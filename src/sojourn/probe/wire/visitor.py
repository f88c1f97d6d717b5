"""One browser: cookies of its own, perhaps a bearer token, and the pages that it sees."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urldefrag, urljoin, urlsplit

from sojourn.probe.errors import Endless, Unreachable
from sojourn.probe.wire.cookies import Jar
from sojourn.probe.wire.exchange import Exchange
from sojourn.probe.wire.network import Fields, Network

MAX_REDIRECTS = 10
_KEEP_METHOD = {307, 308}
_SAFE = {"GET", "HEAD", "OPTIONS"}


@dataclass(frozen=True)
class Page:
    """Where a request ended, and how it came there."""

    chain: tuple[Exchange, ...]
    """Every exchange on the way: redirects first, the page itself last."""

    @property
    def exchange(self) -> Exchange:
        """The last of them: what a person would see."""
        return self.chain[-1]

    @property
    def status(self) -> int:
        """Of the last answer."""
        return self.exchange.status

    @property
    def url(self) -> str:
        """Where one is now."""
        return self.exchange.url

    @property
    def text(self) -> str:
        """The page's source."""
        return self.exchange.body


class Visitor:
    """Somebody with a browser of their own. Two of them are two browsers, of one user or of several."""

    def __init__(self, network: Network, *, jar: Jar | None = None, bearer: str = "") -> None:
        self.network = network
        self.jar = jar or Jar()
        self.bearer = bearer
        self.headers: dict[str, str] = {}
        """Sent with every request, over what a browser sends."""
        self.page_of = ""
        """The other site whose page has the browser send its requests, such as `https://other.example`; "" for none."""
        self.storage: Mapping[str, str] | None = None
        """What the page it signed in on keeps in web storage, as of then; None where no real browser signed in."""

    def twin(self) -> "Visitor":
        """Another browser with the very same cookies and token: what somebody has who stole them, or kept them."""
        twin = Visitor(self.network, jar=self.jar.copy(), bearer=self.bearer)
        twin.headers = dict(self.headers)
        return twin

    def get(self, url: str, *, follow: bool = True, headers: Mapping[str, str] | None = None) -> Page:
        """Open an address (relative to the target), following redirects as a browser does."""
        return self.request("GET", url, follow=follow, headers=headers)

    def post(
        self,
        url: str,
        form: Fields | None = None,
        *,
        data: object = None,
        follow: bool = True,
        headers: Mapping[str, str] | None = None,
    ) -> Page:
        """Send a form, or `data` as JSON."""
        body = None if data is None else json.dumps(data)
        return self.request("POST", url, form=form if body is None else None, body=body, follow=follow, headers=headers)

    def request(
        self,
        method: str,
        url: str,
        *,
        form: Fields | None = None,
        body: str | None = None,
        follow: bool = True,
        headers: Mapping[str, str] | None = None,
    ) -> Page:
        """Send a request. Raises Endless after ten redirects, OffLimits where one leads to a host nobody named, and
        what else `Network.send` raises.
        """
        url, chain = self.network.profile.url(url), list[Exchange]()
        while True:
            exchange = self._send(method, url, form, body, headers or {})
            chain.append(exchange)
            if not (follow and exchange.is_redirect):
                return Page(tuple(chain))
            if len(chain) > MAX_REDIRECTS:
                raise Endless(f"{chain[0].url} redirects more than {MAX_REDIRECTS} times")
            try:
                url = urldefrag(urljoin(url, exchange.header("location"))).url
            except ValueError:
                raise Unreachable(f"{exchange.method} {chain[0].url} redirects to what is no address") from None
            if exchange.status not in _KEEP_METHOD:
                method, form, body = ("HEAD" if method == "HEAD" else "GET"), None, None

    def _send(
        self, method: str, url: str, form: Fields | None, body: str | None, headers: Mapping[str, str]
    ) -> Exchange:
        sent = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", **self.headers, **headers}
        if method not in _SAFE:  # every browser says where from, and much that is safe against forgery asks for it
            at = urlsplit(url)
            sent.setdefault("Origin", f"{at.scheme}://{at.netloc}")
            sent.setdefault("Referer", f"{at.scheme}://{at.netloc}/")
        if self.page_of:
            sent |= {"Referer": f"{self.page_of}/", "Sec-Fetch-Site": "cross-site"}
            sent |= {"Origin": self.page_of} if method == "POST" else {}
        cookies = self.jar.header_for(url)
        if cookies:
            sent.setdefault("Cookie", cookies)
        if self.bearer:
            sent.setdefault("Authorization", f"Bearer {self.bearer}")
        exchange = self.network.send(method, url, headers=sent, form=form, json=body)
        self.jar.take(url, exchange.set_cookies, time.time())
        return exchange
