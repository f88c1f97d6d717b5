"""How redis-py is to connect: the arguments that an address comes to. No I/O.

What is tried again is decided in one place (`journey`), so redis-py tries nothing by itself: no retries, no health
checks before commands, and RESP2, under which servers send nothing unasked.
"""

import ssl
from importlib.util import find_spec
from typing import Any

from sojourn.core.errors import ConfigurationError
from sojourn.stores.redis.address import Address, Node

MISSING = 'Sessions on Valkey or Redis need more: pip install "sojourn[redis]"'


def installed() -> bool:
    """Whether the client is there, which this part of Sojourn stands on."""
    return find_spec("redis") is not None


def arguments_for(node: Node, address: Address) -> dict[str, Any]:
    """What a connection to a server or a Sentinel needs."""
    who = address.sentinel if node.sentinel and address.sentinel else address
    place = {"host": node.host, "port": node.port, "socket_keepalive": True} if node.port else {"path": node.host}
    # What a server sends by itself after a TLS handshake is taken by redis-py for the rest of another's answer, and the
    # connection for a spoilt one, unless it has read an answer: that to a password, or to the library's name.
    anonymous = address.tls is None or who.password is not None
    return {
        **place,
        **(_no_name() if anonymous else {}),
        **_certificates(address),
        "username": who.user,
        "password": who.password,
        "db": 0 if node.sentinel else address.database,
        "protocol": 2,
        "socket_timeout": address.timeout,
        "socket_connect_timeout": address.timeout,
    }


def _no_name() -> dict[str, Any]:
    """So that a server is not told the name of the library, for which a user would need another right."""
    # Versions of redis-py that know `driver_info` warn of the other two, which those before them need.
    return {"driver_info": None} if find_spec("redis.driver_info") else {"lib_name": None, "lib_version": None}


def check_certificates(address: Address) -> None:
    """Raises ConfigurationError when a certificate that the address names cannot be used."""
    tls = address.tls
    if tls is None:
        return
    try:
        context = ssl.create_default_context(cafile=tls.ca)
        if tls.cert is not None:
            context.load_cert_chain(tls.cert, tls.key)
    except OSError as error:
        raise ConfigurationError(f"A certificate of the address cannot be used: {error.strerror or error}") from None


def _certificates(address: Address) -> dict[str, Any]:
    tls = address.tls
    if tls is None:
        return {}
    return {
        "ssl_ca_certs": tls.ca,
        "ssl_certfile": tls.cert,
        "ssl_keyfile": tls.key,
        "ssl_cert_reqs": "required" if tls.verify else "none",
        "ssl_check_hostname": tls.verify,
    }
