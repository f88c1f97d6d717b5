"""What a page says to one visitor and not to another: its news, and whether they speak of sessions. Pure."""

import json
import re
from collections.abc import Iterable, Iterator

from sojourn.probe.reading.pages import parsed
from sojourn.probe.wire.visitor import Page

_SESSIONS = re.compile(
    # a session, in languages with such a word
    r"session|sitzung|sesi[oó]n|sess[aã]o|sess[oõ]es|s[eé]ance|sessie|sesj|relace|oturum|istunto"
    r"|сеанс|сесси|сесі"  # noqa: RUF001  # Cyrillic is meant
    r"|セッション|会话|會話|세션|جلسة"
    # signed in, or out: it is news only where the ordinary page does not say it
    r"|(signed|logged)[ -]?(in|on|out|off)|(sign|log)(ing)?[ -]?(out|off)|angemeldet|abgemeldet|anmeldung(en)?\b"
    r"|d?[eé]?connect[eé]|connexion|conectad|desconectad|iniciad|collegat|disconness|ingelogd|uitgelogd|zalogowan"
    r"|wylogowan|inloggad|utloggad|ログイン|ログアウト|登录|登入|登出|로그인|로그아웃|вход|вышли|вошли"
    # elsewhere, another one, too many
    r"|elsewhere|(another|other|new|different) (device|browser|computer|location|place)|(concurrent|simultaneous)"
    r"|anderswo|(anderen?|neue[ns]?) (ger[aä]t|browser|ort)|gleichzeitig|autre (appareil|navigateur)|ailleurs|simultan"
    r"|otro (dispositivo|navegador)|outro (dispositivo|navegador)|altro (dispositivo|browser)"
    r"|ander (apparaat|browser)|(too many|maximum|limit of) (devices|users|connections|log|sign)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")


def blocks(page: Page) -> Iterator[str]:
    """The pieces of text of a page, as a person sees them apart; the values of a JSON answer."""
    try:
        found = json.loads(page.text)
    except (ValueError, RecursionError):
        yield from parsed(page).stripped_strings
    else:
        yield from _leaves("", found)


def news(page: Page, *ordinary: Page) -> str:
    """What can be read on `page` and on none of the others. Numbers are no news: clocks and counters have them."""
    known = {_bare(block) for each in ordinary for block in blocks(each)} | {""}
    return " ".join(block for block in blocks(page) if _bare(block) not in known)


def speaks_of_sessions(text: str) -> bool:
    """Whether it seems to be about sessions, being signed in or out, or other devices; in a dozen languages."""
    return _SESSIONS.search(text) is not None


def quiet(page: Page) -> bool:
    """Whether nothing can be read on a page, as on one that scripts fill."""
    return not any(_bare(each) for each in blocks(page))


def likeness(one: Page, other: Page) -> float:
    """How much two pages have in common: from 0, nothing, to 1, they say the same."""
    here, there = ({_bare(block) for block in blocks(each)} - {""} for each in (one, other))
    return len(here & there) / len(here | there) if here | there else 1.0


def secrets_in(page: Page) -> Iterable[str]:
    """What a page hands to its browser to be sent back: hidden fields, JSON values, and parts of its address."""
    found: list[str] = []
    try:
        found += [leaf.partition(": ")[2] for leaf in _leaves("", json.loads(page.text))]
    except (ValueError, RecursionError):
        found += [str(each.get("value") or "") for each in parsed(page).find_all("input", type="hidden")]
    for exchange in page.chain:
        found += re.split(r"[/?&=#]", exchange.url)
    return dict.fromkeys(each for each in found if re.fullmatch(r"[\w.~:+=-]{16,}", each))


def _leaves(name: str, value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _leaves(str(key), each)
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(name, each)
    else:
        yield f"{name}: {value}"


def _bare(block: str) -> str:
    return " ".join(_WORD.findall(block)).lower()
