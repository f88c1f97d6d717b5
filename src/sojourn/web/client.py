"""Who is asking, as far as a request tells: address and device. Signals for people, never a proof of anything."""

import ipaddress
from functools import lru_cache

from sojourn.core.records import Device, DeviceClass, clean_text

USER_AGENT_MAX = 512
"""Characters of a user agent that are looked at; what follows only costs time."""
ADDRESS_MAX = 64
"""Characters of the longest address with brackets, zone and port."""


def client_address(remote: str, forwarded: str, trusted_hops: int) -> str:
    """The client's address: `remote`, or what the proxies of ours say in `forwarded` (X-Forwarded-For).

    Every proxy appends the address it was called from, so with `trusted_hops` proxies the client is that many places
    from the right; what stands further left was written by the client itself and is ignored. Without a valid address
    in that place the answer is "": unknown, rather than wrong.
    """
    if trusted_hops < 1:
        return _address(remote)
    hops = forwarded.rsplit(",", trusted_hops)  # no further to the left than is believed, however long it is
    return _address(hops[-trusted_hops]) if len(hops) >= trusted_hops else ""


def _address(text: str) -> str:
    text = text.strip(" \t")
    if len(text) > ADDRESS_MAX:
        return ""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    # A server that listens on both protocols writes an IPv4 address as ::ffff:192.0.2.1; it is the same address.
    return str(getattr(address, "ipv4_mapped", None) or address)


def shortened(address: str, precision: str) -> str:
    """As much of an address as is to be kept or shown: "full", "network" or "none" of it; "" for what is none.

    A network is one of 256 addresses (IPv4, "192.0.2.0/24"), or what one site is given (IPv6, "2001:db8:1::/48").
    """
    if precision == "full":
        return address
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if precision != "network":
        return ""
    return str(ipaddress.ip_network((parsed, 24 if parsed.version == 4 else 48), strict=False))


def device_of(user_agent: str) -> Device:
    """The device that a User-Agent header describes; its `digest` is empty. Never fails, whatever the header holds."""
    return _described(clean_text(user_agent, USER_AGENT_MAX))


def hinted(device: Device, brands: str = "", mobile: str = "", platform: str = "") -> Device:
    """`device` as its client hints say it better than its user agent, where they do.

    They are the values of Sec-CH-UA, Sec-CH-UA-Mobile and Sec-CH-UA-Platform (W3C User-Agent Client Hints), which
    browsers built on Chromium send by themselves over https; none is asked for. Such browsers call themselves Chrome on
    Linux where they are another brand, or a tablet. Never fails, whatever the headers hold.
    """
    family, os, kind = device.family, device.os, device.kind
    if family.startswith("Chrome"):
        family = next((name for brand, name in _BRANDS.items() if f'"{brand}"' in brands[:USER_AGENT_MAX]), family)
    named = _PLATFORMS.get(platform.strip(' "'), "")
    if named and (not os or named in {"Android", "Chrome OS"}):
        os = named
    if os == "Android" and mobile in {"?0", "?1"}:
        kind = DeviceClass.PHONE if mobile == "?1" else DeviceClass.TABLET
    elif kind is DeviceClass.OTHER and os in {"Windows", "Mac OS X", "Linux", "Chrome OS"}:
        kind = DeviceClass.COMPUTER
    return Device(kind, family, os, device.digest)


_BRANDS = {
    "Microsoft Edge": "Edge",
    "Brave": "Brave",
    "Opera": "Opera",
    "Vivaldi": "Vivaldi",
    "Samsung Internet": "Samsung Internet",
    "DuckDuckGo": "DuckDuckGo",
}
"""Brands that a user agent may hide behind Chrome, and what people call them."""

_PLATFORMS = {
    "Android": "Android",
    "Chrome OS": "Chrome OS",
    "Chromium OS": "Chrome OS",
    "Linux": "Linux",
    "Windows": "Windows",
    "macOS": "Mac OS X",
}


@lru_cache(maxsize=1024)
def _described(text: str) -> Device:
    """Of cleaned text only: what is remembered is bounded, whatever clients send."""
    from ua_parser import parse

    if not text:
        return Device()
    found = parse(text)
    family = found.user_agent.family if found.user_agent else ""
    os = found.os.family if found.os else ""
    model = found.device.family if found.device else ""
    return Device(_device_class(text, model, os), "" if family == "Other" else family, "" if os == "Other" else os)


def _device_class(text: str, model: str, os: str) -> DeviceClass:
    if model == "Spider":
        return DeviceClass.BOT
    if "iPad" in text or "Tablet" in text.replace("Tablet PC", "") or (os == "Android" and "Mobile" not in text):
        return DeviceClass.TABLET
    if "Mobile" in text or os in {"iOS", "Android", "Windows Phone"}:
        return DeviceClass.PHONE
    if os in {"Windows", "Mac OS X", "Linux", "Ubuntu", "Fedora", "Debian", "Chrome OS", "FreeBSD", "OpenBSD"}:
        return DeviceClass.COMPUTER
    return DeviceClass.OTHER
