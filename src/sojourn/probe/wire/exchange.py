"""One request and its answer, as they went over the wire. Raw: what leaves the probe goes through `masking` first."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from sojourn.probe.wire.cookies import SetCookie, set_cookies

Headers = tuple[tuple[str, str], ...]
"""Names as they came, in order, and as often as they came."""


@dataclass(frozen=True)
class Exchange:
    """A request and what it was answered."""

    method: str
    url: str
    request_headers: Headers
    request_body: str
    status: int
    headers: Headers
    body: str
    """The answer's text, decoded, at most as long as the network reads."""
    milliseconds: int
    cut: bool = False
    """Whether the body was longer than was read."""

    def header(self, name: str) -> str:
        """The first header of that name in the answer; "" if there is none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    def all(self, name: str) -> Sequence[str]:
        """Every header of that name in the answer."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @cached_property
    def set_cookies(self) -> tuple[SetCookie, ...]:
        """The cookies that the answer sets or deletes."""
        return tuple(set_cookies(self.all("set-cookie")))

    @property
    def is_redirect(self) -> bool:
        """Whether a browser would go on from here by itself."""
        return self.status in {301, 302, 303, 307, 308} and bool(self.header("location"))
