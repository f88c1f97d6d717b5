"""Checks of the Valkey or Redis that holds Sojourn's records. They look at its address and never connect."""

from collections.abc import Iterator
from ipaddress import ip_address

from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as Caution

from sojourn.contrib.django.checks.findings import present, when_enabled
from sojourn.core.errors import ConfigurationError
from sojourn.stores.redis.address import Address, Node
from sojourn.stores.redis.connecting import check_certificates, installed


@when_enabled
def check_servers() -> Iterator[CheckMessage]:
    """What speaks to them is installed, and the certificates of the address can be used."""
    for setting, address in _addresses():
        yield from _usable(setting, address)


def _usable(setting: str, address: Address) -> Iterator[CheckMessage]:
    if not installed():
        yield Error(
            f"SOJOURN['{setting}'] is the address of a Valkey or Redis, and the client for them is not installed.",
            hint="Run: pip install 'sojourn[redis]'",
            id="sojourn.E025",
        )
    try:
        check_certificates(address)
    except ConfigurationError as error:
        yield Error(
            f"SOJOURN['{setting}']: {error}.",
            hint="Write in ssl_ca_certs, ssl_certfile and ssl_keyfile the whole paths of PEM files that this user may "
            "read, or leave them out.",
            id="sojourn.E026",
        )


@when_enabled
def check_transport() -> Iterator[CheckMessage]:
    """Nobody on the way reads the password or changes a record."""
    for setting, address in _addresses():
        yield from _private(setting, address)


def _private(setting: str, address: Address) -> Iterator[CheckMessage]:
    if address.tls is not None and not address.tls.verify:
        yield Caution(
            f"SOJOURN['{setting}'] takes whoever answers for the server (ssl_cert_reqs=none): they learn its password, "
            "and say who is signed in.",
            hint="Leave out ssl_cert_reqs, and write in ssl_ca_certs the PEM file of whoever signed its certificate.",
            id="sojourn.W022",
        )
    elif address.tls is None and not all(map(_here, address.hosts)):
        yield Caution(
            f"SOJOURN['{setting}'] reaches another machine without TLS: whoever is on the way learns its password, and "
            "says who is signed in.",
            hint="Write rediss:// (or rediss+cluster://, rediss+sentinel://), or be sure of the network between.",
            id="sojourn.W023",
        )


def _addresses() -> Iterator[tuple[str, Address]]:
    """The servers that hold the records, and those to which they move, by the setting."""
    for setting in ("STORE", "MOVE_TO"):
        place = getattr(present(), setting)
        if isinstance(place, Address):
            yield setting, place


def _here(node: Node) -> bool:
    """Whether it is this machine that is meant."""
    try:
        return not node.port or node.host == "localhost" or ip_address(node.host).is_loopback
    except ValueError:  # a name
        return False
