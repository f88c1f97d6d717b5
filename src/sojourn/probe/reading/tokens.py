"""What can be told of tokens by looking at them: pure. No look proves that they are random, only that they are not."""

import base64
import binascii
import hashlib
import math
import re
import secrets
import string
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

ALPHABETS = (
    ("digits", string.digits),
    ("hexadecimal digits", string.digits + "abcdef"),
    ("hexadecimal digits", string.digits + "ABCDEF"),
    ("base 32", string.ascii_lowercase + "234567"),
    ("base 32", string.ascii_uppercase + "234567"),
    ("small letters and digits", string.ascii_lowercase + string.digits),
    ("capital letters and digits", string.ascii_uppercase + string.digits),
    ("letters and digits", string.ascii_letters + string.digits),
    ("base 64", string.ascii_letters + string.digits + "-_"),
    ("base 64", string.ascii_letters + string.digits + "+/"),
    ("printable characters", "".join(map(chr, range(33, 127)))),
)
"""The narrowest first."""


@dataclass(frozen=True, slots=True)
class Strength:
    """What several tokens of one make allow at most."""

    shortest: int
    longest: int
    alphabet: str
    varying: int
    """Positions at which not all of them are the same."""
    prefix: int
    """Characters at the beginning that are the same in all."""
    bits: float
    """Of randomness at most, if each position that varies is as random as its alphabet allows."""


def strength(tokens: Sequence[str]) -> Strength:
    """Look at tokens (two at least) that were issued to different sign-ins."""
    plain = [unquote(token) for token in tokens]
    columns = list(zip(*plain, strict=False))
    varying = [number for number, column in enumerate(columns) if len(set(column)) > 1]
    symbols = {token[number] for token in plain for number in varying}
    name, size = alphabet(symbols, len(varying) * len(plain))
    longest, shortest = max(map(len, plain)), min(map(len, plain))
    prefix = varying[0] if varying else shortest
    return Strength(shortest, longest, name, len(varying), prefix, len(varying) * math.log2(max(size, 1)))


def alphabet(symbols: set[str], seen: int) -> tuple[str, int]:
    """The narrowest alphabet that holds all symbols, and its size: as few as there are, where `seen` characters would
    have shown more.
    """
    name, letters = next((each for each in ALPHABETS if symbols <= set(each[1])), ("characters", ""))
    size = len(letters) or len(symbols)
    if len(symbols) < 0.6 * size and seen >= 4 * size:
        return f"{len(symbols)} characters", len(symbols)
    return name, size


def like(token: str) -> str:
    """Another token of the same length and make: digits for digits, letters for letters, the rest as it stands."""
    hexadecimal = re.fullmatch(r"[0-9a-f-]+|[0-9A-F-]+", token) is not None
    kinds = (string.digits, "abcdef", "ABCDEF") if hexadecimal else _KINDS

    def other(found: re.Match[str]) -> str:
        if found[0].startswith("%"):
            return found[0]
        return "".join(secrets.choice(next(kind for kind in kinds if each in kind)) for each in found[0])

    return re.sub(r"%[0-9A-Fa-f]{2}|[A-Za-z0-9]{4,}", other, token)


_KINDS = (string.digits, string.ascii_lowercase, string.ascii_uppercase)


def tampered(token: str) -> Iterator[str]:
    """The token with one character changed, at three places within its longest part.

    Never its first or its last character: some applications route by what stands in front of a token or behind it, and
    the last of base 64 may hold bits that mean nothing.
    """
    part = max(re.finditer(r"(?:%[0-9A-Fa-f]{2})+|[A-Za-z0-9_+/-]+", token), key=_weight, default=None)
    if part is None or _weight(part) < 8:
        return
    for share in (4, 2):
        yield _changed(token, part.start() + (part.end() - part.start()) // share)
    yield _changed(token, part.end() - (part.end() - part.start()) // 4)


def _weight(part: re.Match[str]) -> int:
    return 0 if part[0].startswith("%") else len(part[0])


def _changed(token: str, number: int) -> str:
    kind = next((each for each in _KINDS if token[number] in each), string.ascii_lowercase)
    follows = kind[(kind.find(token[number]) + 1) % len(kind)]
    if token[number] in "fF":  # a hexadecimal digit stays one
        follows = "0"
    return token[:number] + follows + token[number + 1 :]


def readings(token: str) -> list[str]:
    """What can be read in a token by whoever holds it: itself, and each of its parts that is text in base 64 or hex."""
    plain = unquote(token)
    found = [plain]
    for part in [plain, *re.split(r"[.:|!~*&]|--", plain)]:
        found += [text for raw in _decoded(part) if (text := _text(raw))]
    return list(dict.fromkeys(found))


def is_self_contained(token: str) -> bool:
    """Whether it holds what it stands for, so that its strength is that of its signature: a JSON Web Token, say."""
    return any(text.lstrip().startswith(("{", "[")) for text in readings(token)[1:])


def _decoded(part: str) -> Iterator[bytes]:
    if len(part) < 8:
        return
    if re.fullmatch(r"(?:[0-9a-fA-F]{2})+", part):
        yield bytes.fromhex(part)
    bare = part.rstrip("=")
    if re.fullmatch(r"[A-Za-z0-9_+/-]+", bare):
        try:
            yield base64.b64decode(bare.replace("-", "+").replace("_", "/") + "=" * (-len(bare) % 4))
        except binascii.Error:
            return


def _text(raw: bytes) -> str:
    """The bytes as text; "" where they are none."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return ""
    return text if len(text) > 3 and all(each.isprintable() or each.isspace() for each in text) else ""


def guessed(token: str, name: str, seconds: Iterable[int]) -> str:
    """How a token was made that is a plain digest of what anybody could know, as a phrase; "" for unknown.

    Tried are the account's name, the time of the sign-in in seconds, both, and small numbers.
    """
    bare = unquote(token).lower()
    digest = {32: "md5", 40: "sha1", 64: "sha256"}.get(len(bare))
    if digest is None or not re.fullmatch(r"[0-9a-f]+", bare):
        return ""
    for text, phrase in _known(name, seconds):
        if hashlib.new(digest, text.encode(), usedforsecurity=False).hexdigest() == bare:
            return phrase
    return ""


def _known(name: str, seconds: Iterable[int]) -> Iterator[tuple[str, str]]:
    yield name, "a digest of the account's name"
    for at in seconds:
        yield str(at), "a digest of the time of the sign-in"
        for text in (f"{name}{at}", f"{at}{name}", f"{name}:{at}", f"{at}:{name}", f"{name}-{at}", f"{name}_{at}"):
            yield text, "a digest of the account's name and the time of the sign-in"
    for number in range(20_000):
        yield str(number), "a digest of a small number"


def is_dated(token: str) -> bool:
    """Whether it is a UUID of version 1 or 6, which is made of the time and of the machine's address."""
    try:
        return uuid.UUID(unquote(token)).version in {1, 6}
    except ValueError:
        return False
