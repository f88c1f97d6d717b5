"""Webhooks against a real receiver, which stands on the convention's reference library."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
import trustme

from sojourn.control import system_clock
from sojourn.core.errors import ConfigurationError
from sojourn.core.events import Event, SessionEnded, SessionStarted, payload
from sojourn.core.records import EndReason
from sojourn.core.timeouts import MINUTE
from sojourn.notify.signature import new_secret
from sojourn.notify.sinks import DeliveryFailed, Message, SinkClosed
from sojourn.notify.webhook import Webhook, WebhookSink, body_of
from sojourn.testing.clock import START
from sojourn.testing.samples import ended, full_session
from tests.notify.receiver import Receiver, receiving

SECRET = new_secret()
STARTED = SessionStarted(subject="ann", at=START + 7, session=full_session("a"))
OVER = SessionEnded(subject="ann", at=START, session=ended(full_session("a"), START + 50, EndReason.EVICTED, by="b"))


def message(event: Event = STARTED) -> Message:
    return Message(event.id, event.subject, (payload(event),))


def sink(receiver: Receiver, *secrets: str, **given: Any) -> WebhookSink:
    """A sink that may reach a receiver on this machine."""
    webhook = Webhook("shop", receiver.url, secrets or (receiver.secret,), allow_internal="localhost")
    return WebhookSink(webhook, given.pop("clock", system_clock), **given)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(SECRET) as found:
        yield found


def test_the_receiver_accepts_ours_and_finds_the_event_in_it(receiver: Receiver) -> None:
    assert sink(receiver).deliver(message())
    assert receiver.accepted == [
        {"type": "session.started", "timestamp": "2023-11-14T22:13:20.007Z", "data": payload(STARTED)}
    ]
    assert not receiver.rejected


def test_the_request_is_what_the_convention_asks_for_and_tells_nothing_of_us(receiver: Receiver) -> None:
    sink(receiver).deliver(message())
    ((path, headers, _),) = receiver.requests
    assert path == "/hooks?site=shop"
    assert headers["content-type"] == "application/json"
    assert headers["webhook-id"] == STARTED.id
    assert set(headers) == {
        *("host", "content-type", "content-length", "user-agent", "connection", "accept-encoding"),
        *("webhook-id", "webhook-timestamp", "webhook-signature"),
    }
    assert headers["user-agent"] == "Sojourn"


def test_a_copy_has_the_same_id_and_body_so_that_it_is_taken_once(receiver: Receiver) -> None:
    for _ in range(2):
        sink(receiver).deliver(message())
    (first, second) = receiver.requests
    assert (first[1]["webhook-id"], first[2]) == (second[1]["webhook-id"], second[2])
    assert len(receiver.accepted) == 1


def test_a_message_that_was_tampered_with_is_rejected(receiver: Receiver) -> None:
    sink(receiver).deliver(message())
    _, headers, body = receiver.requests[0]
    assert receiver.take(headers, body.replace(b"ann", b"bob")) == 401
    assert receiver.take(headers | {"webhook-id": "another"}, body) == 401
    assert receiver.take(headers | {"webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)}, body) == 401
    assert receiver.rejected == ["No matching signature found"] * 3


def test_a_message_that_is_replayed_later_is_rejected(receiver: Receiver) -> None:
    with pytest.raises(DeliveryFailed, match="401"):
        sink(receiver, clock=lambda: system_clock() - 6 * MINUTE).deliver(message())
    assert receiver.rejected == ["Message timestamp too old"]


def test_a_message_signed_with_another_secret_is_rejected(receiver: Receiver) -> None:
    with pytest.raises(DeliveryFailed, match="401"):
        sink(receiver, new_secret()).deliver(message())
    assert receiver.rejected == ["No matching signature found"]


def test_during_a_rotation_receivers_of_either_secret_accept_the_same_copy() -> None:
    old, new = new_secret(), new_secret()
    for known in (old, new):
        with receiving(known) as receiver:
            sink(receiver, new, old).deliver(message())
            assert len(receiver.accepted) == 1


def test_an_event_told_late_is_signed_with_the_time_of_sending(receiver: Receiver) -> None:
    """Otherwise every retry after five minutes would look like a replay."""
    sink(receiver).deliver(message())
    assert abs(int(receiver.requests[0][1]["webhook-timestamp"]) * 1000 - system_clock()) < MINUTE


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
def test_any_answer_but_success_is_a_failure_to_be_tried_again(receiver: Receiver, status: int) -> None:
    receiver.answers = [status]
    with pytest.raises(DeliveryFailed, match=str(status)) as failed:
        sink(receiver).deliver(message())
    assert not isinstance(failed.value, SinkClosed)


@pytest.mark.parametrize(
    ("status", "said", "after"),
    [
        (429, "120", 120_000),
        (503, "Wed, 15 Nov 2023 22:13:20 GMT", 24 * 60 * MINUTE),
        (503, "Wed, 15 Nov 1950 22:13:20 GMT", 0),
        (503, "soon", 0),
        (503, "-5", 0),
        (503, "", 0),
        (500, "120", 0),
    ],
)
def test_when_a_receiver_wants_to_be_asked_again_is_told(
    receiver: Receiver, status: int, said: str, after: int
) -> None:
    def later(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Retry-After", said)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    receiver.answers = [later]
    with pytest.raises(DeliveryFailed) as failed:
        sink(receiver, clock=lambda: START).deliver(message())
    assert failed.value.after == after


def test_an_answer_that_it_is_gone_closes_the_sink(receiver: Receiver) -> None:
    receiver.answers = [410]
    with pytest.raises(SinkClosed):
        sink(receiver).deliver(message())


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(receiver: Receiver, status: int) -> None:
    def redirect(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Location", receiver.url + "&elsewhere")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    receiver.answers = [redirect]
    with pytest.raises(DeliveryFailed, match=f"{status}.*not followed"):
        sink(receiver).deliver(message())
    assert len(receiver.requests) == 1


def test_a_proxy_of_the_environment_is_not_asked(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/")
    monkeypatch.delenv("no_proxy", raising=False)
    assert sink(receiver).deliver(message())


def test_a_body_without_end_is_not_read(receiver: Receiver) -> None:
    def flood(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
        except OSError:
            handler.close_connection = True

    receiver.answers = [flood]
    assert sink(receiver).deliver(message())


@pytest.mark.parametrize(
    "part",
    [b"X: y\r\n", b"X: " + b"y" * 30_000 + b"\r\n", b"y" * 1000, b"HTTP/1.1 100 Continue\r\n\r\n"],
    ids=["fields", "long fields", "a field", "interim answers"],
)
def test_an_answer_without_end_is_not_read_to_it(receiver: Receiver, part: bytes) -> None:
    written = []

    def flood(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        try:
            handler.wfile.write(b"" if part.startswith(b"HTTP") else b"HTTP/1.1 200 OK\r\n")
            for _ in range(50_000_000 // len(part)):
                handler.wfile.write(part)
                written.append(len(part))
        except OSError:
            pass

    receiver.answers = [flood]
    with pytest.raises(DeliveryFailed):
        sink(receiver).deliver(message())
    assert sum(written) < 50_000_000 // len(part) * len(part)


def test_an_answer_that_trickles_is_given_up_when_its_time_is_over(receiver: Receiver) -> None:
    done = threading.Event()

    def trickle(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        try:
            for letter in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000:
                handler.wfile.write(bytes([letter]))
                if done.wait(0.02):
                    return
        except OSError:
            pass

    receiver.answers = [trickle]
    before = time.monotonic()
    with pytest.raises(DeliveryFailed, match="in time"):
        sink(receiver, seconds=0.3).deliver(message())
    assert time.monotonic() - before < 60  # it would trickle for two minutes
    done.set()


def test_a_receiver_that_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        receiver = Receiver(SECRET, port=mute.getsockname()[1])
        with pytest.raises(DeliveryFailed, match="in time"):
            sink(receiver, seconds=0.2).deliver(message())


def test_a_receiver_that_is_down_is_a_failure_whose_text_names_no_address(receiver: Receiver) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        receiver.port = free.getsockname()[1]
    with pytest.raises(DeliveryFailed) as failed:
        sink(receiver).deliver(message())
    assert "localhost" not in str(failed.value)
    assert "127.0.0.1" not in str(failed.value)


# Where it leads


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "0x7f000001"])
def test_a_webhook_into_the_internal_network_is_refused_unless_allowed_by_name(receiver: Receiver, host: str) -> None:
    url = f"https://{host}:{receiver.port}/"
    with pytest.raises(DeliveryFailed, match="internal"):
        WebhookSink(Webhook("shop", url, (SECRET,)), system_clock).deliver(message())
    assert not receiver.requests


def test_the_address_that_was_checked_is_the_one_that_is_connected_to(receiver: Receiver) -> None:
    """DNS rebinding: a name that leads somewhere else when it is asked again is not asked again."""
    asked: list[str] = []

    def rebinding(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.66"]

    webhook = Webhook("shop", f"http://hooks.invalid:{receiver.port}/", (SECRET,), allow_internal="hooks.invalid")
    assert WebhookSink(webhook, system_clock, resolver=rebinding).deliver(message())
    assert asked == ["hooks.invalid"]
    assert receiver.requests[0][1]["host"] == f"hooks.invalid:{receiver.port}"


def test_a_name_that_turns_inward_later_is_refused_then(receiver: Receiver) -> None:
    answers = [["8.8.8.8"], ["127.0.0.1"]]
    found = WebhookSink(
        Webhook("shop", f"https://hooks.invalid:{receiver.port}/", (SECRET,)),
        system_clock,
        resolver=lambda host, port: answers.pop(),
    )
    with pytest.raises(DeliveryFailed, match="internal"):
        found.deliver(message())
    assert not receiver.requests


def test_an_address_that_does_not_answer_leaves_time_for_the_next(receiver: Receiver) -> None:
    with socket.create_server(("127.0.0.2", receiver.port)):
        pass  # nobody listens there any more
    found = sink(receiver, resolver=lambda host, port: ["127.0.0.2", "127.0.0.1"])
    assert found.deliver(message())


# TLS


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def secure(authority: trustme.CA) -> Iterator[Receiver]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("hooks.example").configure_cert(context)
    with receiving(SECRET, tls=context) as found:
        yield found


def https(receiver: Receiver, host: str, trusted: trustme.CA | None) -> WebhookSink:
    context = ssl.create_default_context()
    if trusted:
        trusted.configure_trust(context)
    webhook = Webhook("shop", f"https://{host}:{receiver.port}/", (SECRET,), allow_internal=host)
    return WebhookSink(webhook, system_clock, resolver=lambda host, port: ["127.0.0.1"], tls=context)


def test_the_certificate_of_the_hosts_name_is_asked_for_though_an_address_is_connected_to(
    secure: Receiver, authority: trustme.CA
) -> None:
    assert https(secure, "hooks.example", authority).deliver(message())
    assert len(secure.accepted) == 1


def test_the_certificate_of_another_host_is_not_trusted(secure: Receiver, authority: trustme.CA) -> None:
    with pytest.raises(DeliveryFailed, match="certificate"):
        https(secure, "other.example", authority).deliver(message())
    assert not secure.requests


def test_the_certificate_of_an_unknown_authority_is_not_trusted(secure: Receiver) -> None:
    with pytest.raises(DeliveryFailed, match="certificate"):
        https(secure, "hooks.example", None).deliver(message())
    assert not secure.requests


# What it is told, and how it is written down


@pytest.mark.parametrize(
    ("patterns", "wanted"),
    [
        (("*",), {"session.started", "session.ended"}),
        (("session.*",), {"session.started", "session.ended"}),
        (("session.ended",), {"session.ended"}),
        (("start.*",), set()),
        (("start.*", "session.started"), {"session.started"}),
    ],
)
def test_a_filter_lets_through_what_it_names(patterns: tuple[str, ...], wanted: set[str]) -> None:
    found = WebhookSink(Webhook("shop", "https://hooks.example/", (SECRET,), patterns), system_clock)
    assert {event.type for event in (STARTED, OVER) if found.wants(payload(event))} == wanted


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "a b"},
        {"name": "é"},
        {"name": "x" * 65},
        {"url": "http://hooks.example/"},
        {"url": "ftp://hooks.example/"},
        {"url": "https:///path"},
        {"url": "https://ann:pass@hooks.example/"},
        {"url": "https://hooks.example/#part"},
        {"url": "https://hooks.example/a b"},
        {"url": "https://hooks.example/\r\nX: y"},
        {"url": "https://hóoks.example/"},
        {"url": "https://hooks.example:port/"},
        {"url": "https://[::1/"},
        {"allow_internal": "other.example"},
        {"secrets": ()},
        {"secrets": ("whsec_short",)},
        {"events": ()},
        {"events": ("session.begun",)},
        {"events": ("sess*",)},
        {"events": (".*",)},
    ],
)
def test_a_webhook_that_cannot_be_right_is_refused_without_showing_a_secret(wrong: dict[str, Any]) -> None:
    right: dict[str, Any] = {"name": "shop", "url": "https://hooks.example/", "secrets": (SECRET,)}
    Webhook(**right)
    with pytest.raises(ConfigurationError) as refused:
        Webhook(**(right | wrong))
    for shown in ("whsec_short", "ann:pass", SECRET):
        assert shown not in str(refused.value)


def test_neither_a_secret_nor_an_address_is_in_a_representation() -> None:
    webhook = Webhook("shop", "https://hooks.example/T0P-SECRET", (SECRET,))
    shown = repr(webhook) + repr(WebhookSink(webhook, system_clock))
    assert SECRET not in shown
    assert "T0P-SECRET" not in shown


def test_the_body_is_plain_ascii_whatever_a_device_is_called() -> None:
    found = body_of(payload(STARTED))
    assert found.isascii()
    assert "Łódź, Poland" in json.dumps(json.loads(found), ensure_ascii=False)


def test_a_ping_arrives_and_tells_nothing(receiver: Receiver) -> None:
    sink(receiver).ping("ping-1")
    (found,) = receiver.accepted
    assert found["type"] == "ping"
    assert set(found["data"]) == {"v", "id", "type", "at"}
