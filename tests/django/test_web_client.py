"""What a request says of its client: forged, broken and huge headers included."""

from __future__ import annotations

import base64
import random
import re
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.core.records import Device, DeviceClass
from sojourn.web.client import USER_AGENT_MAX, client_address, device_of, hinted
from sojourn.web.device import DeviceId

PROXY = "10.0.0.9"
FORGED = "6.6.6.6"
HUNDRED_KB = "6.6.6.6, " * 11_000


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        (" 192.0.2.1\t", "192.0.2.1"),
        ("192.0.2.1:54321", "192.0.2.1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::1", "::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("[::ffff:192.0.2.1]:443", "192.0.2.1"),
    ],
)
def test_an_address_is_read_in_every_form_that_servers_write(remote: str, address: str) -> None:
    assert client_address(remote, "", 0) == address
    assert client_address(PROXY, f"{FORGED}, {remote}", 1) == address


NO_ADDRESSES = [
    "",
    " ",
    "unknown",
    "localhost",
    "_hidden",
    "unix:",
    "192.0.2.256",
    "192.0.2",
    "192.0.2.1.1",
    "192.0.2.01",
    "192.0.2.1/24",
    "3221225985",
    "0x7f000001",
    "192.0.2.1\n",
    "192.0.2.1\x00",
    "192.0.2.1 192.0.2.2",
    "\u0661\u0662.0.2.1",
    "::1::2",
    "[",
    "[]",
    "[]:80",
    ":",
    ":::",
    "<script>alert(1)</script>",
    "' OR 1=1 --",
    "\ud800",
    "1" * 100_000,
    ":" * 100_000,
    "1." * 50_000,
    HUNDRED_KB.replace(",", " "),
]


@pytest.mark.parametrize("text", NO_ADDRESSES, ids=lambda text: ascii(text)[:24])
def test_what_is_no_address_is_unknown_rather_than_wrong(text: str) -> None:
    assert client_address(text, "", 0) == ""
    assert client_address(PROXY, f"{FORGED}, {text}", 1) == ""
    assert client_address(PROXY, f"{text}, {PROXY}", 2) == ""


@pytest.mark.parametrize(
    "forwarded",
    [
        "",
        FORGED,
        f"{FORGED}, {FORGED}",
        HUNDRED_KB,
        "\x00\r\nX-Forwarded-For: 6.6.6.6",
        "," * 100_000,
    ],
    ids=lambda text: ascii(text)[:24],
)
def test_without_a_trusted_proxy_the_header_counts_for_nothing(forwarded: str) -> None:
    assert client_address("192.0.2.1", forwarded, 0) == "192.0.2.1"


FORGERIES = [
    FORGED,
    f"{FORGED}, {FORGED}, {FORGED}",
    f"{FORGED},{FORGED}",
    HUNDRED_KB,
    "," * 100_000,
    " , ,, ",
    "[::1]:80",
    "6.6.6.6:80",
    "fe80::1%eth0",
    'for="6.6.6.6"',
    "\x00\x07\x1b[2J\r\n",
    "unknown",
    "\ud800",
    "é" * 100_000,
]


@pytest.mark.parametrize("forged", FORGERIES, ids=lambda text: ascii(text)[:24])
@pytest.mark.parametrize("client", ["192.0.2.1", "2001:db8::7"])
@pytest.mark.parametrize("proxies", range(1, 17))
def test_what_the_client_wrote_itself_is_never_believed(forged: str, client: str, proxies: int) -> None:
    """Each proxy appends the address that called it: first the client's, then those of the proxies before it."""
    between = [f"10.0.0.{number}" for number in range(1, proxies)]
    assert client_address(PROXY, ", ".join([client, *between]), proxies) == client
    assert client_address(PROXY, ", ".join([forged, client, *between]), proxies) == client
    assert client_address(PROXY, ",".join([forged, client, *between]), proxies) == client


@pytest.mark.parametrize("proxies", range(2, 17))
def test_a_request_that_came_past_some_of_the_proxies_has_an_unknown_address(proxies: int) -> None:
    assert client_address(PROXY, "", proxies) == ""
    assert client_address(PROXY, ", ".join(["192.0.2.1"] * (proxies - 1)), proxies) == ""


@given(remote=st.text(), forwarded=st.text(alphabet="0123456789abcdef.:,[]% \x00\n%é"), proxies=st.integers(0, 16))
def test_no_header_whatever_raises_and_what_comes_back_is_an_address_or_nothing(
    remote: str, forwarded: str, proxies: int
) -> None:
    address = client_address(remote, forwarded, proxies)
    assert re.fullmatch(r"[0-9a-f.:]{2,39}", address) or address == ""


WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64"
APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "kind", "label"),
    [
        (f"{WINDOWS}; rv:128.0) Gecko/20100101 Firefox/128.0", "computer", "Firefox on Windows"),
        (f"{WINDOWS}) {WEBKIT} Chrome/126.0.0.0 Safari/537.36", "computer", "Chrome on Windows"),
        (f"{WINDOWS}) {WEBKIT} Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0", "computer", "Edge on Windows"),
        (
            "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; WOW64; Trident/6.0; Tablet PC 2.0)",
            "computer",
            "IE on Windows",
        ),
        (
            f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {APPLE} Version/17.5 Safari/605.1.15",
            "computer",
            "Safari on Mac OS X",
        ),
        (
            "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
            "computer",
            "Firefox on Ubuntu",
        ),
        (
            f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {WEBKIT} Chrome/126.0.0.0 Safari/537.36",
            "computer",
            "Chrome on Chrome OS",
        ),
        (
            f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) {APPLE} Version/17.5 Mobile/15E1 Safari/604.1",
            "phone",
            "Mobile Safari on iOS",
        ),
        (
            f"Mozilla/5.0 (Linux; Android 14; Pixel 8) {WEBKIT} Chrome/126.0.0.0 Mobile Safari/537.36",
            "phone",
            "Chrome Mobile on Android",
        ),
        ("Mozilla/5.0 (Android 14; Mobile; rv:127.0) Gecko/127.0 Firefox/127.0", "phone", "Firefox Mobile on Android"),
        (
            f"Mozilla/5.0 (Linux; Android 13; SM-X906C) {WEBKIT} Chrome/126.0.0.0 Safari/537.36",
            "tablet",
            "Chrome on Android",
        ),
        ("Mozilla/5.0 (Android 13; Tablet; rv:127.0) Gecko/127.0 Firefox/127.0", "tablet", "Firefox Mobile on Android"),
        (
            f"Mozilla/5.0 (iPad; CPU OS 12_2 like Mac OS X) {APPLE} Version/12.1 Mobile/15E148 Safari/604.1",
            "tablet",
            "Mobile Safari on iOS",
        ),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "bot", "Googlebot"),
        ("curl/8.4.0", "other", "curl"),
        ("python-requests/2.32.0", "other", "Python Requests"),
        ("something nobody has heard of", "other", ""),
    ],
    ids=lambda text: text[-24:],
)
def test_common_browsers_have_a_name_that_people_recognise(user_agent: str, kind: str, label: str) -> None:
    device = device_of(user_agent)
    assert (device.kind, device.label, device.digest) == (DeviceClass(kind), label, "")


@pytest.mark.parametrize("nothing", ["", " ", "\t\r\n", "\x00\x1b\u202e\u200b", "\ud800"])
def test_a_user_agent_that_says_nothing_is_an_unknown_device(nothing: str) -> None:
    assert device_of(nothing) == Device()


HOSTILE = [
    "x" * 10_240,
    "Mozilla/5.0 " + "(" * 10_240,
    "Mozilla/5.0 (Windows NT 10.0) " + "Firefox/1" * 1_200,
    "\x1b[2J\x07\x00Firefox/128.0\r\nSet-Cookie: a=b (Windows NT 10.0)",
    "<script>alert(1)</script> Firefox/128.0",
    "".join(chr(number) for number in range(10_240)),
    " " * 10_240,
    "/1.2.3.4.5.6;" * 800,
]


@pytest.mark.parametrize("user_agent", HOSTILE, ids=lambda text: ascii(text)[:24])
def test_a_hostile_user_agent_gives_short_printable_names(user_agent: str) -> None:
    device = device_of(user_agent)
    assert device.label.isprintable()
    assert len(device.family) <= 64
    assert len(device.os) <= 64


@given(st.text())
def test_no_user_agent_whatever_raises(user_agent: str) -> None:
    assert device_of(user_agent).label.isprintable()


def test_control_characters_do_not_hide_the_browser() -> None:
    clean = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"
    assert device_of(clean.replace(" ", "\x00\x07 ")) == device_of(clean)


def test_what_follows_the_first_characters_is_not_looked_at_and_not_remembered() -> None:
    from sojourn.web import client

    client._described.cache_clear()
    start = "curl/8.4.0 ".ljust(USER_AGENT_MAX * 4, "x")
    devices = {device_of(start + secrets.token_hex(5_000)) for _ in range(20)}
    assert len(devices) == 1
    assert client._described.cache_info().currsize == 1


OURS = DeviceId().reveal()
FOREIGN = [
    None,
    "",
    5,
    True,
    [],
    OURS.encode(),
    OURS[:-1],
    OURS + "A",
    OURS + "\n",
    " " + OURS,
    OURS[:-1] + "=",
    OURS[:-1] + "B",
    OURS[:20] + "+" + OURS[21:],
    OURS[:20] + "é" + OURS[21:],
    OURS[:20] + "\u0661" + OURS[21:],
    OURS[:20] + "\x00" + OURS[21:],
    OURS * 300,
    "../" * 14 + "A",
    "1" * 64,
]


@pytest.mark.parametrize("text", FOREIGN, ids=lambda text: type(text).__name__)
def test_a_device_cookie_that_is_not_of_our_form_is_replaced_by_a_fresh_identifier(text: object) -> None:
    device = DeviceId(text)
    assert device.new
    assert device.reveal() != text
    assert len(base64.urlsafe_b64decode(device.reveal() + "=")) == 32


def test_our_own_device_cookie_is_recognised() -> None:
    for _ in range(200):
        device = DeviceId()
        again = DeviceId(device.reveal())
        assert device.new
        assert not again.new
        assert again.reveal() == device.reveal()


def test_two_devices_never_share_an_identifier() -> None:
    random.seed(0)
    first = DeviceId()
    random.seed(0)
    assert DeviceId().reveal() != first.reveal()


def test_what_recognises_a_device_differs_for_every_subject_and_use_and_tells_nothing_of_it() -> None:
    device = DeviceId()
    digests = [device.for_subject("ada"), device.for_subject("bob"), device.for_subject("ticket"), device.for_ticket()]
    assert len(set(digests)) == 4
    assert DeviceId(device.reveal()).for_subject("ada") == digests[0]
    assert not any(device.reveal() in digest for digest in digests)


def test_an_identifier_is_not_shown() -> None:
    device = DeviceId()
    assert device.reveal() not in f"{device!r} {device}"
    assert not hasattr(device, "__dict__")


CHROME = Device(DeviceClass.COMPUTER, "Chrome", "Linux", "digest")


@pytest.mark.parametrize(
    ("brands", "mobile", "platform", "device"),
    [
        ("", "", "", CHROME),
        ('"Chromium";v="140", "Google Chrome";v="140"', "?0", '"Linux"', CHROME),
        ('"Brave";v="140", "Chromium";v="140"', "?0", '"Linux"', Device(CHROME.kind, "Brave", "Linux", "digest")),
        ("", "?0", '"Android"', Device(DeviceClass.TABLET, "Chrome", "Android", "digest")),
        ("", "?1", '"Android"', Device(DeviceClass.PHONE, "Chrome", "Android", "digest")),
        ("", "?0", '"Chromium OS"', Device(CHROME.kind, "Chrome", "Chrome OS", "digest")),
        ('"Brave', "yes", '"Amiga"\r\nSet-Cookie: a=b', CHROME),
        ("x" * 100_000 + '"Brave"', "", "", CHROME),
    ],
)
def test_client_hints_say_it_better_where_they_do(brands: str, mobile: str, platform: str, device: Device) -> None:
    assert hinted(CHROME, brands, mobile, platform) == device


def test_client_hints_name_what_a_user_agent_does_not() -> None:
    assert hinted(Device(), "", "?0", '"Windows"') == Device(DeviceClass.COMPUTER, "", "Windows")


def test_a_browser_that_is_not_built_on_chrome_keeps_its_name() -> None:
    firefox = Device(DeviceClass.COMPUTER, "Firefox", "Windows")
    assert hinted(firefox, '"Brave"', "?1", '"macOS"') == firefox
