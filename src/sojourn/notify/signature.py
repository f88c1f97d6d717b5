"""Signing webhooks by the Standard Webhooks convention: pure.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, symmetric signatures (v1).
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence

from sojourn.core.errors import ConfigurationError

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64
"""Bytes of a key: what the convention asks for."""
_MADE = 32


def new_secret() -> str:
    """A secret, as both ends write it down: `whsec_` and the base64 of 32 random bytes."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_MADE)).decode()


def read_secret(secret: object) -> bytes:
    """The key in a secret. Raises ConfigurationError, which never shows any of it."""
    if not isinstance(secret, str) or not secret.startswith(PREFIX):
        raise ConfigurationError(f"a secret is a text that begins with {PREFIX!r}.")
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ConfigurationError(f"what follows {PREFIX!r} in a secret is base64.") from None
    if not SHORTEST <= len(key) <= LONGEST:
        raise ConfigurationError(f"a secret holds {SHORTEST} to {LONGEST} bytes, not {len(key)}.")
    return key


def signed_headers(message: str, at: int, body: bytes, keys: Sequence[bytes]) -> dict[str, str]:
    """The convention's three headers. `at`: when this copy is sent, in milliseconds.

    Every key signs, so that a receiver who has only the old secret, or only the new one, accepts the same copy.
    """
    if not keys:
        raise ConfigurationError("A webhook has at least one secret.")
    moment = str(at // 1000)
    content = f"{message}.{moment}.".encode() + body
    signatures = (base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode() for key in keys)
    return {
        "webhook-id": message,
        "webhook-timestamp": moment,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
