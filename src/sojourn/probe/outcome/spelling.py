"""How a secret may be written somewhere: escaped for addresses, HTML, JSON or mail, in base 64, over several lines.

Pure. A password is looked for however each of its characters is written; of tokens, which are many and mostly letters
and digits, the usual forms are made.
"""

import base64
import html
import json
import re
from collections.abc import Callable, Iterator
from html.entities import codepoint2name
from urllib.parse import quote, quote_plus, unquote

_LINE = r"(?:=?\r?\n[ \t]{0,8})?"
"""Lines are broken anywhere in what is mailed, or in base 64."""
_CORE = 4
"""Characters of base 64 that are not there by chance."""


def anyhow(secret: str) -> re.Pattern[str]:
    """Finds `secret` however it is written: each character escaped or not, or all of it in base 64."""
    ways = [secret, *(core for core in cores(secret) if len(core) >= _CORE)]
    spelled = [_LINE.join(map(_character, way)) for way in sorted(ways, key=len, reverse=True)]
    begins = "".join(re.escape(each) for each in sorted({way[0] for way in ways} | set("%&\\=+")))
    return re.compile(f"(?=[{begins}])(?:{'|'.join(spelled)})")


def usual(secret: str) -> set[str]:
    """The forms that a token usually has in pages and addresses, itself among them."""
    plain = {secret, unquote(secret)}
    written = {escape(each) for each in plain for escape in _ESCAPES}
    lower = {re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), each) for each in written}
    return plain | written | lower | {core for each in plain for core in cores(each)}


def cores(secret: str) -> Iterator[str]:
    """What base 64 makes of a secret, wherever in a text it stands: without what its neighbours share."""
    raw = secret.encode(errors="replace")
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw).decode().rstrip("=")
        # Six bits a character: the first ones and the last one may hold bits of what stands beside it.
        core = encoded[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]
        yield core
        yield core.replace("+", "-").replace("/", "_")


def _character(one: str) -> str:
    code, raw = ord(one), one.encode(errors="replace")
    units = one.encode("utf-16-be", "replace")
    ways = [
        re.escape(one),
        "".join(f"%(?:25){{0,4}}{_digits(byte)}" for byte in raw),
        "".join(f"={_digits(byte)}" for byte in raw),
        rf"&(?:amp;){{0,4}}\#(?:0{{0,6}}{code}|[xX]0{{0,6}}{_any_case(f'{code:x}')})(?!\w);?",
        "".join(rf"\\{{1,8}}u{_any_case(units[at : at + 2].hex())}" for at in range(0, len(units), 2)),
        *([rf"\\{{1,8}}x{_digits(code)}"] if code < 256 else []),
        *([rf"\\{{1,8}}{re.escape(one)}"] if not one.isalnum() else []),
        *([rf"&(?:amp;){{0,4}}{'apos' if one == chr(39) else codepoint2name.get(code)};?"] if _is_named(one) else []),
        *([r"\+"] if one == " " else []),
    ]
    return f"(?:{'|'.join(ways)})"


def _is_named(one: str) -> bool:
    return one == "'" or ord(one) in codepoint2name


def _digits(byte: int) -> str:
    return _any_case(f"{byte:02x}")


def _any_case(digits: str) -> str:
    return "".join(f"[{each}{each.upper()}]" if each.isalpha() else each for each in digits)


def _wholly(text: str) -> str:
    return quote(text, safe="")


def _numbered(text: str) -> str:
    return html.escape(text).replace("&#x27;", "&#39;").replace("&quot;", "&#34;")


def _in_json(text: str) -> str:
    return json.dumps(text)[1:-1]


def _in_php(text: str) -> str:
    return _in_json(text).replace("/", "\\/")


def _in_scripts(text: str) -> str:
    """As JSON that may stand in a page: with nothing in it that HTML would read."""
    return re.sub("[<>&'=+]", lambda found: f"\\u{ord(found[0]):04X}", _in_php(text))


_ESCAPES: tuple[Callable[[str], str], ...] = (
    quote,
    quote_plus,
    _wholly,
    html.escape,
    _numbered,
    _in_json,
    _in_php,
    _in_scripts,
)
