"""Which addresses a webhook may lead to, however they are written."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import pytest

from sojourn.notify.outward import outward, resolve, system_resolver
from sojourn.notify.sinks import DeliveryFailed

INWARD = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",  # the metadata of most clouds
    "168.63.129.16",  # Azure's
    "100.100.100.200",  # Alibaba's
    "192.0.0.192",  # Oracle's
    "100.64.0.1",
    "198.18.0.1",
    "203.0.113.7",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",  # nobody publishes that, but for a trick
    "::127.0.0.1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "fc00::1",
    "fd00:ec2::254",  # Amazon's metadata
    "ff02::1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::808:808",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::",
    "3fff::1",
    "5f00::1",
    "localhost",
    "0x7f.1",
    "2130706433",
    "",
]
OUTWARD = ["8.8.8.8", "172.15.0.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", INWARD)
def test_an_address_of_an_internal_network_is_none_of_the_public_one(address: str) -> None:
    assert not outward(address)


@pytest.mark.parametrize("address", OUTWARD)
def test_a_public_address_is_one(address: str) -> None:
    assert outward(address)


def found(*addresses: str, inside: bool = False) -> Sequence[str]:
    return resolve("hooks.example", 443, inside=inside, seconds=5, resolver=lambda host, port: addresses)


def test_one_internal_address_among_public_ones_is_enough_to_refuse_all() -> None:
    assert found("8.8.8.8", "2606:4700::1111") == ("8.8.8.8", "2606:4700::1111")
    with pytest.raises(DeliveryFailed, match="internal"):
        found("8.8.8.8", "10.0.0.1")


def test_a_host_that_is_allowed_by_name_may_be_inside() -> None:
    assert found("127.0.0.1", inside=True) == ("127.0.0.1",)


def test_a_host_without_addresses_is_a_failure_of_which_the_text_names_no_host() -> None:
    with pytest.raises(DeliveryFailed) as failed:
        found()
    assert "hooks.example" not in str(failed.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "0x7f.1", "2130706433", "localhost", "::1", "017700000001"])
def test_however_the_loopback_address_is_written_it_is_refused(host: str) -> None:
    with pytest.raises(DeliveryFailed):
        resolve(host, 80, inside=False, seconds=5, resolver=system_resolver)


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "..", "-"])
def test_a_name_that_cannot_be_one_is_a_failure(host: str) -> None:
    def answer(host: str, port: int) -> Sequence[str]:
        host.encode("idna")
        raise OSError

    with pytest.raises(DeliveryFailed):
        resolve(host, 80, inside=True, seconds=5, resolver=answer)


def test_a_resolver_that_hangs_holds_a_delivery_up_only_so_long() -> None:
    released = threading.Event()

    def hang(host: str, port: int) -> Sequence[str]:
        released.wait(60)
        return ["8.8.8.8"]

    before = time.monotonic()
    with pytest.raises(DeliveryFailed, match="in time"):
        resolve("hooks.example", 443, inside=False, seconds=0.05, resolver=hang)
    assert time.monotonic() - before < 20
    released.set()
