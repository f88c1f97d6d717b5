"""No report shows a secret, in whatever form the application wrote it down."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from sojourn.probe.outcome.masking import EXCERPT, QUOTED, Masker
from sojourn.probe.wire.exchange import Exchange

PASSWORD = 'Tr0ub4dor & "3"/\'<é>+\\x'
TOKEN = "q7+Zk/e1Rb=="


def shown(body: str, *, masker: Masker | None = None, url: str = "https://app.example/") -> str:
    masker = masker or knowing()
    told = masker.show(Exchange("GET", url, (), "", 200, (), body, 1))
    return f"{told.url}\n{told.request}\n{told.answer}"


def knowing() -> Masker:
    masker = Masker()
    masker.learn("password", PASSWORD)
    masker.learn("sid", TOKEN)
    return masker


def small(text: str) -> str:
    return re.sub("%..", lambda found: found[0].lower(), text)


def percent(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


def broken(text: str, ends: str = "\r\n") -> str:
    return ends.join(text[at : at + 5] for at in range(0, len(text), 5))


def aligned(before: str, encode: Callable[[bytes], bytes] = base64.b64encode) -> str:
    return encode(f"{before}{PASSWORD}:more".encode()).decode()


WRITTEN = {
    "as it is": PASSWORD,
    "in an address": quote(PASSWORD, safe=""),
    "in an address, small": small(quote(PASSWORD, safe="")),
    "as a form sends it": quote_plus(PASSWORD),
    "each byte escaped": percent(PASSWORD),
    "escaped twice": quote(quote(PASSWORD, safe=""), safe=""),
    "in HTML": html.escape(PASSWORD),
    "in HTML, with quotation marks": html.escape(PASSWORD, quote=False),
    "in HTML by numbers": html.escape(PASSWORD).replace("&#x27;", "&#39;").replace("&quot;", "&#34;"),
    "each character by number": "".join(f"&#{ord(each)};" for each in PASSWORD),
    "each by number, in hexadecimal": "".join(f"&#X{ord(each):04X};" for each in PASSWORD),
    "in HTML twice": html.escape(html.escape(PASSWORD)),
    "in JSON": json.dumps(PASSWORD),
    "in JSON that is not ASCII": json.dumps(PASSWORD, ensure_ascii=False),
    "in JSON within HTML": json.dumps(PASSWORD).replace("/", "\\/").replace("<", "\\u003C").replace("&", "\\u0026"),
    "in JSON within JSON": json.dumps(json.dumps(PASSWORD)),
    "over lines": broken(PASSWORD),
    "over lines of a mail": broken(PASSWORD, "=\r\n"),
    "in base 64": aligned(""),
    "in base 64 behind one": aligned("a"),
    "in base 64 behind a name": aligned("ann:"),
    "in base 64 behind another": aligned("john:"),
    "in base 64 for addresses": aligned("?>a", base64.urlsafe_b64encode),
    "in base 64 over lines": broken(aligned("ann:")),
}


@pytest.mark.parametrize("how", WRITTEN)
def test_a_password_is_not_shown_however_it_is_written(how: str) -> None:
    text = shown(f"before {WRITTEN[how]} after")
    assert "[password 1]" in text
    assert "before" in text
    whole = shown(f"before {WRITTEN[how]} after").replace("[password 1]", "")
    for part in (PASSWORD[:6], quote(PASSWORD)[:6], WRITTEN[how][4:-12]):
        assert part not in whole


def test_no_half_of_a_password_is_shown_where_the_excerpt_ends() -> None:
    written = percent(PASSWORD)
    for before in range(1, len(written)):
        assert written[:9] not in shown("." * (EXCERPT - before) + written + "." * 50)


def test_no_half_of_a_passphrase_is_quoted_though_there_is_a_space_in_it_to_cut_at() -> None:
    masker = Masker()
    masker.learn("password", "correct horse battery")
    for before in range(170, 201):
        said = masker.quote("." * before + " correct horse battery staple")
        assert "correct" not in said, before
        assert len(said) <= QUOTED + len("'' ...")
    assert masker.quote("You are signed out") == "'You are signed out'"


def test_no_half_of_a_token_is_shown_where_the_excerpt_ends() -> None:
    masker = knowing()
    unknown = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.aaaabbbbccccdddd1111"
    for secret in (TOKEN, unknown, "0123456789abcdef0123456789abcdef"):
        for before in range(1, len(secret)):
            assert secret[:5] not in shown("-." * 900 + " " * (EXCERPT - 1800 - before) + secret, masker=masker), before


@pytest.mark.parametrize(
    "written",
    [
        quote(TOKEN, safe=""),
        small(quote(TOKEN, safe="")),
        TOKEN.replace("/", "\\/"),
        TOKEN.replace("=", "\\u003D").replace("+", "\\u002B").replace("/", "\\/"),
        base64.b64encode(f"ab{TOKEN}".encode()).decode(),
    ],
)
def test_a_token_is_not_shown_in_its_usual_forms(written: str) -> None:
    assert "[sid 1]" in shown(f"<p>{written}</p>")


@pytest.mark.parametrize(
    "body",
    [
        '<input type="hidden" name="csrf" value="aZ3/kE9+qPw=">',
        "<input value=aZ3/kE9+qPw= type=hidden name=_token>",
        '<meta name="csrf-token" content="aZ3/kE9+qPw=">',
        '{"access_token": "aZ3/kE9+qPw="}',
        '{\\"ticket\\":\\"aZ3/kE9+qPw=\\"}',
        "<a href='/reset?token=aZ3/kE9+qPw='>",
        "authenticity_token=aZ3/kE9+qPw=",
        "user[reset_token]=aZ3/kE9+qPw=",
    ],
)
def test_what_a_page_hides_or_calls_a_token_is_not_shown_though_no_cookie_has_it(body: str) -> None:
    assert "aZ3/kE9+" not in shown(body)


def test_the_id_within_a_signed_cookie_is_not_shown() -> None:
    masker = Masker()
    masker.learn("sid", "s%3Aabcdefghijklmnopqrst.c2ln")
    assert "abcdefghijklmnopqrst" not in masker.mask("the id abcdefghijklmnopqrst of a session")


def test_the_name_of_a_cookie_that_is_a_secret_itself_is_not_shown() -> None:
    masker = knowing()
    masker.learn(PASSWORD, "a value")
    assert PASSWORD not in masker.mask("there is a value")


def test_a_cookie_that_is_too_short_to_be_looked_for_everywhere_is_not_shown_where_it_travels() -> None:
    masker = knowing()
    sent = (("Cookie", f'sid=1007; lang="de"; b={TOKEN}'), ("Authorization", "Bearer 42"))
    got = (("Set-Cookie", "sid=1007; Path=/; Max-Age=1007"), ("set-cookie", "sid=1008"), ("Age", "1007"))
    told = masker.show(Exchange("GET", "https://app.example/", sent, "", 200, got, "Room 1007", 1))
    assert "Cookie: sid=[sid 2]; lang=[lang 1]; b=[sid 1]\nAuthorization: Bearer [token 1]" in told.request
    assert "Set-Cookie: sid=[sid 2]; Path=/; Max-Age=1007\nset-cookie: sid=[sid 3]\nAge: 1007" in told.answer
    assert "Room 1007" in told.answer
    deleted = Exchange("GET", "https://app.example/", (), "", 200, (("Set-Cookie", "sid=; Max-Age=0"),), "", 1)
    assert "sid=; Max-Age=0" in masker.show(deleted).answer


def test_what_is_no_secret_is_shown() -> None:
    body = '<form action="/login"><input type=hidden name=next value="/a"><input name=user value="ann"></form> en-US'
    assert body in shown(body)
    assert '{"token_type": "bearer", "expires_in": 3600}' in shown('{"token_type": "bearer", "expires_in": 3600}')


def test_text_made_to_keep_its_reader_busy_does_not() -> None:
    masker = knowing()
    for piece in ("a-", "-", "a1.", "%25", "&amp;", "\\", "eyJa", "token", "<input ", "<input hidden value=", "ab:"):
        assert masker.show(
            Exchange("GET", "https://app.example/", (), "", 200, (("X", piece * 5_000),), piece * 5_000, 1)
        )
