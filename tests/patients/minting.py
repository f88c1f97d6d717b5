"""How the plain application makes its ids, and what it gives browsers of them: the id itself, or a JSON Web Token."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.patients.carrying import Request
    from tests.patients.plain import Plain

MADE: dict[str, Callable[[Plain], str]] = {
    "cookie-too-large": lambda site: secrets.token_urlsafe(3200),
    "ids-in-sequence": lambda site: f"session-{next(site.numbers):08d}",
    "ids-of-the-time": lambda site: f"{time.time_ns():x}{next(site.numbers):x}",
    "ids-of-32-bits": lambda site: secrets.token_hex(4),
    "ids-of-96-bits": lambda site: secrets.token_hex(12),
    "id-holds-password": lambda site: base64.b64encode(
        f"correct horse battery|{secrets.token_hex(16)}".encode()
    ).decode(),
    "id-names-its-user": lambda site: base64.urlsafe_b64encode(f"ann|{secrets.token_urlsafe(32)}".encode()).decode(),
}
AT_LOGIN: dict[str, Callable[[Plain], str]] = {
    "ids-digest-the-time": lambda site: hashlib.md5(f"ann{int(time.time())}".encode()).hexdigest(),
    "client-side-session": lambda site: _signed(site, {"user": "ann", "at": str(int(time.time()))}),
    "one-id-for-all": lambda site: hmac.new(site.key.encode(), b"ann", "sha256").hexdigest(),
}
WEAK_KEY = "your-256-bit-secret"


def new_id(site: Plain, request: Request) -> str:
    """An id for a new session."""
    if request.method == "POST" and site.illness in AT_LOGIN:
        return AT_LOGIN[site.illness](site)
    return MADE.get(site.illness, lambda _: secrets.token_urlsafe(32))(site)


def dressed(site: Plain, key: str) -> str:
    """What a browser is given of an id."""
    if not site.jwt:
        return key
    claims = {"jti": key, "email": "ann@shop.example"} if site.illness == "jwt-tells-address" else {"jti": key}
    signed = f"{_encoded({'alg': 'HS256', 'typ': 'JWT'})}.{_encoded(claims)}"
    return f"{signed}.{_signature(site, signed)}"


def undressed(site: Plain, value: str) -> str:
    """The id that a browser has brought; "" for none that is to be trusted."""
    if not site.jwt:
        return value
    try:
        head, body, signature = value.split(".")
        header, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in (head, body))
        unsigned = site.illness == "jwt-none" and str(header["alg"]).lower() == "none"
        if not (unsigned or site.illness == "jwt-unverified"):
            wanted = _signature(site, f"{head}.{body}")
            if header["alg"] != "HS256" or not hmac.compare_digest(signature.encode(), wanted.encode()):
                return ""
        return str(claims["jti"])
    except (ValueError, KeyError, TypeError):
        return ""


def _signed(site: Plain, data: dict[str, str]) -> str:
    return f"{_encoded(data)}.{_signature(site, _encoded(data))}"


def _signature(site: Plain, signed: str) -> str:
    key = WEAK_KEY if site.illness == "jwt-weak-key" else site.key
    raw = hmac.new(key.encode(), signed.encode(), "sha256").digest()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _encoded(value: dict[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
