"""One-time codes by the clock (RFC 6238): what an authenticator app shows, from a secret that both sides know."""

import base64
import hmac
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from sojourn.probe.errors import WrongProfile
from sojourn.probe.profiles.secret import Secret

ALGORITHMS = ("sha1", "sha256", "sha512")


@dataclass
class Totp:
    """What makes one account's codes. Knows which it has given away: a careful application takes each once."""

    secret: Secret
    """In base 32, as the application shows it to whoever cannot scan its picture."""
    digits: int = 6
    period: int = 30
    """Seconds for which a code is the code of the moment."""
    algorithm: str = "sha1"
    clock: Callable[[], float] = time.time
    """Seconds since 1970."""
    taken: list[str] = field(default_factory=list)
    """The codes that were given away."""
    _last: int = -1

    def code(self, at: float) -> str:
        """The code of that moment."""
        message = int(at // self.period).to_bytes(8, "big")
        digest = hmac.digest(_key(self.secret.reveal()), message, self.algorithm)
        begins = digest[-1] & 15
        number = int.from_bytes(digest[begins : begins + 4], "big") & 0x7FFFFFFF
        return str(number % 10**self.digits).zfill(self.digits)

    def take(self) -> str:
        """The code of this moment, which is given away with it."""
        now = self.clock()
        self._last = int(now // self.period)
        self.taken.append(self.code(now))
        return self.taken[-1]

    @property
    def wait(self) -> float:
        """Seconds until there is a code that was not given away; 0 if there is one."""
        now = self.clock()
        return max(0.0, (self._last + 1) * self.period - now)

    @property
    def spellings(self) -> Iterator[str]:
        """What must not be shown: the secret, as it is written and without its gaps."""
        yield from dict.fromkeys((self.secret.reveal(), _bare(self.secret.reveal())))


def totp(said: Secret, *, clock: Callable[[], float] = time.time) -> Totp:
    """Read a secret in base 32, or a whole `otpauth://totp/` address. Raises WrongProfile, which never shows it."""
    text = said.reveal().strip()
    try:
        if not text.lower().startswith("otpauth:"):
            made = Totp(Secret(text), clock=clock)
        else:
            at = urlsplit(text)
            given = {name.lower(): values[0] for name, values in parse_qs(at.query).items()}
            digits, period = int(given.get("digits", "6")), int(given.get("period", "30"))
            algorithm = given.get("algorithm", "sha1").lower().replace("-", "")
            if at.netloc.lower() != "totp" or digits not in range(6, 11) or period < 1 or algorithm not in ALGORITHMS:
                raise ValueError
            made = Totp(Secret(given["secret"]), digits, period, algorithm, clock)
        _key(made.secret.reveal())
    except (KeyError, ValueError):  # that of base 32 is one, too
        raise WrongProfile(
            "What `totp_env` under [account] names holds no secret of an authenticator app: it is to be the secret in "
            "base 32, or the address that begins with otpauth://totp/"
        ) from None
    return made


def _bare(secret: str) -> str:
    return "".join(secret.split()).replace("-", "").rstrip("=").upper()


def _key(secret: str) -> bytes:
    bare = _bare(secret)
    return base64.b32decode(bare + "=" * (-len(bare) % 8))
