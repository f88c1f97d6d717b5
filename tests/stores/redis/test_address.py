"""The address of Valkey and Redis servers: what a URL says, and what is said of one that is wrong. No server here."""

from __future__ import annotations

import re

import pytest

from sojourn.core.errors import ConfigurationError
from sojourn.stores.redis.address import OPTIONS, Address, Node, Sentinels, Tls

SOCKET = Address((Node("/run/s", 0),), password="secret", database=2, prefix="shop")
READ = [
    ("redis://localhost", Address((Node("localhost", 6379),))),
    ("redis://10.0.0.1:7000/3", Address((Node("10.0.0.1", 7000),), database=3)),
    ("redis://[::1]:7000/", Address((Node("::1", 7000),))),
    ("redis://:pass%2Fword@h", Address((Node("h", 6379),), password="pass/word")),
    ("redis://shop:p%40ss@h/0", Address((Node("h", 6379),), user="shop", password="p@ss")),
    ("redis://:s/e@c@h", Address((Node("h", 6379),), password="s/e@c")),
    ("rediss://h", Address((Node("h", 6379),), tls=Tls())),
    (
        "rediss://h?ssl_ca_certs=/ca.pem&ssl_certfile=/c.pem&ssl_keyfile=/k.pem&ssl_cert_reqs=none",
        Address((Node("h", 6379),), tls=Tls("/ca.pem", "/c.pem", "/k.pem", verify=False)),
    ),
    ("unix:///run/valkey/valkey.sock", Address((Node("/run/valkey/valkey.sock", 0),))),
    ("unix://:secret@/run/s?db=2&prefix=shop", SOCKET),
    ("redis+cluster://a:1,b,[::1]:3", Address((Node("a", 1), Node("b", 6379), Node("::1", 3)), cluster=True)),
    ("rediss+cluster://a", Address((Node("a", 6379),), cluster=True, tls=Tls())),
    (
        "redis+sentinel://u:p@a,b:5/main/2?sentinel_user=v&sentinel_password=q",
        Address(
            (Node("a", 26379, sentinel=True), Node("b", 5, sentinel=True)),
            sentinel=Sentinels("main", "v", "q"),
            user="u",
            password="p",
            database=2,
        ),
    ),
    ("rediss+sentinel://a/main", Address((Node("a", 26379, sentinel=True),), sentinel=Sentinels("main"), tls=Tls())),
    (
        "redis://h?timeout=0.5&deadline=2&retries=0&connections=5&prefix=a.b-c_d:e&replicas=all&replica_timeout=0.2",
        Address(
            (Node("h", 6379),),
            timeout=0.5,
            deadline=2,
            retries=0,
            connections=5,
            prefix="a.b-c_d:e",
            replicas="all",
            replica_timeout=0.2,
        ),
    ),
    ("redis://h?replicas=2", Address((Node("h", 6379),), replicas=2)),
]

WRONG = [
    ("", "Begin the address"),
    ("localhost:6379", "Begin the address"),
    ("http://localhost", "Begin the address"),
    ("redis://", "Write each server as host"),
    ("redis://h:port", "Write each server as host"),
    ("redis://h:0", "Write each server as host"),
    ("redis://h:65536", "Write each server as host"),
    ("redis://::1", "in brackets"),
    ("redis://a,b", "For several servers write"),
    ("redis://user@h", "A user needs a password"),
    ("redis://h/name", "A database is a number"),
    ("redis://h/-1", "A database is a number"),
    ("redis://h/0/1", "A database is a number"),
    ("redis://h?db=1", "behind the host"),
    ("redis+cluster://h/1", "only database 0"),
    ("redis+sentinel://h", "what the Sentinels call the master"),
    ("redis+sentinel://h/", "what the Sentinels call the master"),
    ("redis://h?sentinel_password=x", "for redis.sentinel"),
    ("redis://h?ssl_ca_certs=/ca.pem", "two s"),
    ("rediss://h?ssl_cert_reqs=optional", "ssl_cert_reqs=required or"),
    ("unix://run/s", "whole path"),
    ("unix:///", "whole path"),
    ("redis://h?time=1", "There is no option of this name"),
    ("redis://h?timeout", "Write options as"),
    ("redis://h?timeout=", "timeout: write seconds"),
    ("redis://h?timeout=soon", "timeout: write seconds"),
    ("redis://h?timeout=0", "timeout: write 0.01 to 60"),
    ("redis://h?timeout=nan", "timeout: write 0.01 to 60"),
    ("redis://h?deadline=0.5", "deadline: write 1 to 60"),
    ("redis://h?retries=-1", "retries: write a number"),
    ("redis://h?retries=1000", "retries: write 0 to 100"),
    ("redis://h?connections=0", "connections: write 1 to 10000"),
    ("redis://h?replicas=some", "replicas: write a number"),
    ("redis://h?replicas=1&replica_timeout=1", "replica_timeout: write 0.001 to 0.5"),
    ("redis://h?prefix=", "prefix: write a value"),
    ("redis://h?prefix={a}", "braces would move the keys"),
    ("redis://h?prefix=a%20b", "prefix: write at most 64"),
    ("redis://h?timeout=1&timeout=2", "written twice"),
]


@pytest.mark.parametrize(("url", "address"), READ, ids=[url for url, _ in READ])
def test_a_url_says_where_the_servers_are(url: str, address: Address) -> None:
    assert Address.parse(url) == address


@pytest.mark.parametrize(("url", "says"), WRONG, ids=[url for url, _ in WRONG])
def test_a_wrong_url_is_told_what_to_write(url: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        Address.parse(url)


@pytest.mark.parametrize(
    "url",
    [
        "redis://user:SECRET@h:port",
        "redis://user:SECRET@h/x",
        "redis://:SEC?RET@h",
        "http://user:SECRET@h",
        "redis://:SECRET/SECRET@h,",
        "redis://h?SECRET=1",
        "redis+sentinel://h/m?sentinel_password=SECRET&sentinel_password=SECRET",
        "redis://SECRET@h",
    ],
)
def test_no_message_repeats_a_password(url: str) -> None:
    with pytest.raises(ConfigurationError) as told:
        Address.parse(url)
    assert not re.search("SEC|RET", str(told.value))


def test_no_password_is_shown() -> None:
    address = Address.parse("redis+sentinel://user:SECRET@a,b/main/1?sentinel_password=SECRET")
    assert "SECRET" not in f"{address!r} {address}"
    assert str(address) == "redis+sentinel://a:26379,b:26379/main"
    assert str(Address.parse("rediss+cluster://[::1]:1,b")) == "rediss+cluster://[::1]:1,b:6379"
    assert str(Address.parse("unix:///run/s")) == "unix:///run/s"


def test_each_option_says_what_it_means_and_names_the_default_that_it_has() -> None:
    plain = Address.parse("redis://h")
    for name, option in OPTIONS.items():
        assert "Default" in option.means or name in ("ssl_certfile", "ssl_keyfile", "sentinel_password"), name
        if hasattr(plain, name):
            assert f"Default {getattr(plain, name)}".removesuffix(".0") in option.means, name


def test_an_address_that_is_put_together_is_checked_as_well() -> None:
    with pytest.raises(ConfigurationError, match="Name a server"):
        Address(())
    with pytest.raises(ConfigurationError, match="from 0 on"):
        Address((Node("h", 1),), database=-1)
