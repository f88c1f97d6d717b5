"""JSON Web Tokens (RFC 7519), read and forged: pure, and for asking an application whether it would notice."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

DIGESTS = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}
_WORDS = """
secret your-256-bit-secret your-384-bit-secret your-512-bit-secret your_secret_key your-secret-key secretkey
secret_key secret-key mysecret my_secret my-secret-key my_secret_key supersecret super-secret super_secret_key
super-secret-key jwt jwtsecret jwt_secret jwt-secret jwt_secret_key jwt-secret-key JWT_SECRET SECRET_KEY default
password passw0rd password123 123456 12345678 123456789 1234567890 qwerty admin test testing example changeme
change-me change_me changeit key private token auth auth_secret app_secret session session_secret s3cr3t s3cret
shhhhh shhhhhared-secret keyboardcat hello root foo
"""
WEAK = ("", "keyboard cat", "your secret key", "my secret", "a string secret at least 256 bits long", *_WORDS.split())
"""Keys that stand in documentation, tutorials and examples, and the commonest passwords. Nothing else is tried."""


@dataclass(frozen=True, slots=True)
class Jwt:
    """A token in the three parts that it is written in."""

    header: Mapping[str, object]
    claims: Mapping[str, object]
    signed: str
    """What the signature is made of."""
    signature: str

    def __str__(self) -> str:
        return f"{self.signed}.{self.signature}"

    @property
    def algorithm(self) -> str:
        """What its header says that it is signed with."""
        return str(self.header.get("alg", ""))


def read(token: str) -> Jwt | None:
    """A token as a JWT; None where it is none."""
    head, _, rest = token.partition(".")
    body, dot, signature = rest.partition(".")
    header, claims = _object(head), _object(body)
    if header is None or claims is None or not dot or "alg" not in header or "." in signature:
        return None
    return Jwt(header, claims, f"{head}.{body}", signature)


def weak_key(jwt: Jwt) -> str | None:
    """The key that signs it, if it is one that everybody knows; None if not."""
    digest = DIGESTS.get(jwt.algorithm)
    if digest is None:
        return None
    return next((key for key in WEAK if hmac.compare_digest(_sign(jwt.signed, key, digest), jwt.signature)), None)


def resigned(jwt: Jwt, key: str) -> Jwt:
    """The same with one claim more that means nothing, signed with that key (HS256, 384 or 512)."""
    signed = f"{jwt.signed.partition('.')[0]}.{_written({**jwt.claims, 'probe': 1})}"
    return Jwt(jwt.header, jwt.claims, signed, _sign(signed, key, DIGESTS[jwt.algorithm]))


def unsigned(jwt: Jwt, word: str) -> Jwt:
    """The same, saying that it is not signed; `word` is how: "none", in one way of writing it or another."""
    header = {**jwt.header, "alg": word}
    return Jwt(header, jwt.claims, f"{_written(header)}.{jwt.signed.partition('.')[2]}", "")


def mis_signed(jwt: Jwt) -> Jwt:
    """The same with a signature that is not its own."""
    middle = len(jwt.signature) // 2
    other = "A" if jwt.signature[middle : middle + 1] != "A" else "B"
    return replace(jwt, signature=jwt.signature[:middle] + other + jwt.signature[middle + 1 :])


def _sign(signed: str, key: str, digest: str) -> str:
    return _encoded(hmac.new(key.encode(), signed.encode(), getattr(hashlib, digest)).digest())


def _written(value: Mapping[str, object]) -> str:
    return _encoded(json.dumps(value, separators=(",", ":")).encode())


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _object(part: str) -> dict[str, object] | None:
    try:
        value = json.loads(base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error):
        return None
    return value if isinstance(value, dict) else None
