"""What the operator says: where, who, and what cannot be guessed. Checked here, once, before anything is sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from urllib.parse import SplitResult, urljoin, urlsplit

from sojourn.probe.errors import WrongProfile
from sojourn.probe.profiles.secret import Secret
from sojourn.probe.profiles.totp import Totp

METHODS = ("POST", "GET", "DELETE", "PUT", "PATCH")
"""What a request that signs out may be."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in."""

    name: str
    password: Secret
    totp: Totp | None = None
    """What makes its one-time codes; None where none is asked for."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a login: what to fill into the form that is then on the page, or to send as JSON.

    In values `{user}` and `{password}` stand for the account's, `{totp}` for its one-time code of the moment; `{name}`
    for what an earlier step's `keep` named.
    """

    url: str = ""
    """Where to, relative to the target; "" where the step before led."""
    fields: Mapping[str, str] = field(default_factory=dict)
    json: bool = False
    form: str = ""
    """A CSS selector of the form, where a page has several."""
    keep: Mapping[str, str] = field(default_factory=dict)
    """Values of a JSON answer to keep: a name for each dotted path, such as `{"token": "data.access_token"}`."""


@dataclass(frozen=True, slots=True)
class Profile:
    """All that the operator says. Times are seconds."""

    target: str
    """The application's address, with a scheme and without a query: `https://app.example`."""
    account: Account
    login: str = ""
    """The login page, relative to the target; "" to find it."""
    steps: tuple[Step, ...] = ()
    bearer: str = ""
    """The `{name}` of the kept value that is sent as `Authorization: Bearer`; "" where cookies carry the session."""
    protected: tuple[str, ...] = ()
    """Pages that differ between anonymous and signed in, relative to the target; () to find some."""
    signed_in_text: str = ""
    """What such a page says to somebody who is signed in, and to nobody else."""
    logout: str = ""
    logout_method: str = "POST"
    sessions: str = ""
    """The page that lists the user's sessions; "" to find it."""
    hosts: frozenset[str] = frozenset()
    """Other hosts that may be asked, such as that of an SSO: nothing is sent to any that is not named."""
    ca: str = ""
    """A file with the certificate authority to trust, in PEM; "" for those that the system trusts."""
    admin: Account | None = None
    browser: bool = False
    """Whether a real browser signs in: for logins that need scripts."""
    answer_time: float = 20.0
    """For how long one answer is waited for, however slowly it drips."""
    max_sign_ins: int = 60
    pause: float = 0.0
    """Between two sign-ins that follow one another."""
    max_time: float = 900.0
    """For the whole audit, without the waiting that `wait` asks for."""
    wait: float = 0.0
    """For how long it may wait to see timeouts; 0 for not at all."""
    changes: bool = False
    """Whether it may change the account's password (and change it back)."""
    extra: Mapping[str, object] = field(default_factory=dict)
    """The tables of a profile that belong to single checks, each read and checked by its check."""

    def __post_init__(self) -> None:
        try:
            at = urlsplit(self.target)
            _ = at.port
        except ValueError:
            at = urlsplit("")
        if at.scheme not in {"http", "https"} or not at.hostname or at.query or at.fragment or "@" in at.netloc:
            raise WrongProfile(f"{self.target!r} is no address of an application: write such as https://app.example")
        if self.max_sign_ins < 1:
            raise WrongProfile("max_sign_ins is at least 1")
        if self.logout_method not in METHODS:
            raise WrongProfile(f"logout_method is {self.logout_method!r}; write one of {', '.join(METHODS)}")
        times = (self.pause, self.wait, self.max_time, self.answer_time)
        if not all(map(isfinite, times)) or min(times) < 0 or not (self.max_time and self.answer_time):
            raise WrongProfile("pause and wait are at least 0 seconds, max_time and answer_time are more than 0")

    @property
    def host(self) -> str:
        """The target's host."""
        return urlsplit(self.target).hostname or ""

    def url(self, path: str) -> str:
        """The whole address of something within the target."""
        return urljoin(self.target if self.target.endswith("/") else self.target + "/", path)

    def may_ask(self, url: str) -> bool:
        """Whether the operator has named the host of `url`: of the target its own port (and, where that is a usual one,
        the other usual one, and the port of `http` in `[transport]`), of another host every port.
        """
        transport = self.extra.get("transport")
        http = transport.get("http") if isinstance(transport, Mapping) else None
        try:
            there = urlsplit(url)
            own = {_place(urlsplit(each)) for each in (self.target, http) if isinstance(each, str)}
            usual = {(self.host, 80), (self.host, 443)}
            known = _place(there) in (own | usual if own & usual else own)
        except ValueError:  # what a page calls an address need not be one
            return False
        return there.scheme in {"http", "https"} and (known or there.hostname in self.hosts)


def _place(url: SplitResult) -> tuple[str, int]:
    return url.hostname or "", url.port or (80 if url.scheme == "http" else 443)
