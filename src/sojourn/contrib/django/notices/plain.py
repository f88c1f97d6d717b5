"""Texts that come from browsers, networks and strangers, made fit for a message: pure.

A message is read by people who are being asked whether something is dangerous. Nothing in it may break out of its line,
turn other text around, or become a link that is not ours.
"""

import ipaddress
import re

from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from sojourn.core.records import clean_text

LONGEST = 100
"""Characters of the longest such text in a message."""

_INVISIBLE = dict.fromkeys((0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x2800, 0x3164, 0xFFA0))
"""Characters that are letters or marks by their category, and show nothing."""

_LINKED = re.compile(r"(?<=\S)([.:/@\u2024\u3002\uff0e\uff1a\uff0f\uff20\uff61])(?=\S)")
"""What makes a name a link: mail programs look for it in whatever a message says."""


def plain(text: object, limit: int = LONGEST) -> str:
    """`text` in one line of characters that can be seen: no control, no line end, nothing that turns text around."""
    return clean_text(str(text or "").translate(_INVISIBLE), limit)


def unlinked(text: object) -> str:
    """`text` for the part of a message that is plain text, where a blank keeps a name from becoming a link."""
    return _LINKED.sub(r"\1 ", plain(text))


def unlinked_html(text: object) -> SafeString:
    """`text` for the HTML of a message: escaped, apart from its surroundings, and looking as it was written.

    An element around a dot keeps a name from becoming a link; `<bdi>` keeps the direction of its letters to itself.
    """
    parts = _LINKED.split(plain(text))
    marked = format_html_join("", "{}<span>{}</span>", zip(parts[:-1:2], parts[1::2], strict=True))
    return SafeString("<bdi>") + marked + format_html_join("", "{}", [(parts[-1],)]) + SafeString("</bdi>")


def shortened(address: str, precision: str) -> str:
    """As much of an address as `precision` shows: "full", "network" (IPv4 /24, IPv6 /48) or "none"; "" if unknown.

    Where only the network is kept (ADDRESS_PRECISION), that is all of it.
    """
    try:
        found = ipaddress.ip_network(address)
    except ValueError:
        return ""  # not known, or not written by us
    if precision == "full":
        return address
    if precision == "none":
        return ""
    if found.version == 4:
        return str(found.network_address).rpartition(".")[0] + ".*"
    first = str(ipaddress.ip_network((found.network_address, 48), strict=False).network_address)
    return first.rstrip(":") + ":*"
