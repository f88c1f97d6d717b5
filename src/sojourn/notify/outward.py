"""Which addresses are outside: a webhook that leads into one's own network is refused, whatever its host's name is.

The special-purpose registries of the IANA (RFC 6890, RFC 8190) are written out here: what the standard library takes
for private has changed between versions of Python.
"""

import queue
import socket
import threading
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from sojourn.notify.sinks import DeliveryFailed

Resolver = Callable[[str, int], Sequence[str]]
"""From a host and a port to addresses. Raises OSError if there are none."""

_INWARD = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by a provider's customers; some clouds' metadata
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's own services, at an address that is otherwise public
        "169.254.0.0/16",  # link-local: the metadata of most clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments; some clouds' metadata
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
_GLOBAL = IPv6Network("2000::/3")
"""All of IPv6 that is given out: loopback, link-local, unique local, multicast and IPv4-mapped are outside of it."""
_INWARD_OF_GLOBAL = tuple(
    IPv6Network(block)
    for block in (
        "2001::/23",  # protocol assignments, among them Teredo, which carries IPv4 addresses
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which carries IPv4 addresses
        "3fff::/20",  # documentation
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
"""How a host that has only IPv6 reaches one that has only IPv4: the latter's address is in it (RFC 6052)."""


def outward(address: str) -> bool:
    """Whether an address is one of the public network. What is no address is none."""
    try:
        found = ip_address(address)
    except ValueError:  # with a scope as well, which only addresses of one's own links have, on some versions
        return False
    if isinstance(found, IPv6Address):
        if found not in _NAT64:
            return found in _GLOBAL and not any(found in block for block in _INWARD_OF_GLOBAL)
        found = IPv4Address(int(found) & 0xFFFFFFFF)
    return not any(found in block for block in _INWARD)


def system_resolver(host: str, port: int) -> Sequence[str]:
    """What the system says the addresses of a host are."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def resolve(host: str, port: int, *, inside: bool, seconds: float, resolver: Resolver) -> Sequence[str]:
    """The addresses of a host, all of them checked: these, and no others, may be connected to.

    `inside`: whether they may be of one's own network. If any of them must not be, none is returned: a name that
    leads to both is no mistake. Raises DeliveryFailed. Takes at most `seconds`, whatever the system's resolver takes.
    """
    answers: queue.SimpleQueue[Sequence[str] | None] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(resolver(host, port))
        except (OSError, UnicodeError):  # the latter for names that cannot be one
            answers.put(None)

    # The system's resolver cannot be told when to give up; this thread ends when it does.
    threading.Thread(target=ask, name="sojourn-resolver", daemon=True).start()
    try:
        found = answers.get(timeout=seconds)
    except queue.Empty:
        raise DeliveryFailed("Its host's name was not resolved in time.") from None
    if not found:
        raise DeliveryFailed("Its host's name leads nowhere.")
    if not inside and not all(outward(address) for address in found):
        raise DeliveryFailed("Its host's name leads into an internal network, which allow_internal does not allow.")
    return found
