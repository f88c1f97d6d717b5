"""The mailbox is looked into until a message about the sign-in comes, wherever the mailbox is."""

from __future__ import annotations

import email
import mailbox
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage, Message
from pathlib import Path

import pytest

from sojourn.probe.answers import Answer
from sojourn.probe.checks.mail_told import CHECK
from sojourn.probe.errors import Unreachable, WrongProfile
from sojourn.probe.examining.mailbox import mailbox_of, text
from sojourn.probe.outcome.report import Finding
from sojourn.probe.profiles.profile import Account, Profile
from sojourn.probe.profiles.secret import Secret
from sojourn.probe.running import audit
from tests.patients.limited import Limited
from tests.patients.serving import certificates, serving
from tests.probe.moments import MovedClock

IMAP_PASSWORD = "of the mailbox"


def message(subject: str, text: str) -> EmailMessage:
    made = EmailMessage()
    made["Subject"] = subject
    made.set_content(text)
    return made


def looked(site: Limited, clock: MovedClock | None = None, **table: object) -> Finding:
    with serving(site) as served:
        (finding,) = audit(served.profile(extra={"mailbox": table}), [CHECK], clock=clock or MovedClock()).findings
    return finding


@pytest.mark.parametrize(
    ("illness", "answer"), [("", Answer.PASS), ("no-mail", Answer.FAIL), ("other-mail", Answer.WARN)]
)
def test_a_message_about_a_new_browser_is_waited_for(tmp_path: Path, illness: str, answer: Answer) -> None:
    box = mailbox.Maildir(tmp_path / "box")
    box.add(message("A new sign-in", "before the audit"))
    site = Limited("end_existing", illness, post=lambda *written: box.add(message(*written)))
    clock = MovedClock()
    finding = looked(site, clock, maildir=str(tmp_path / "box"), within=30)
    assert finding.answer is answer, finding
    if illness:
        assert 30 <= finding.seconds < 40
    else:
        assert "Neue Anmeldung für Ann" in finding.summary
        assert not finding.details  # it names the browser


def test_a_message_may_take_a_while(tmp_path: Path) -> None:
    letters: list[tuple[str, str]] = []
    box = mailbox.mbox(tmp_path / "box")

    class Slow(MovedClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            if self.time > 1_000_010 and letters:
                box.add(message(*letters.pop()))
                box.flush()

    box.flush()
    site = Limited("end_existing", post=lambda *written: letters.append(written))
    finding = looked(site, Slow(), mbox=str(tmp_path / "box"))
    box.close()
    assert finding.answer is Answer.PASS, finding
    assert finding.seconds >= 10


def test_without_a_mailbox_it_is_not_testable() -> None:
    with serving(Limited("refuse")) as site:
        (finding,) = audit(site.profile(extra={}), [CHECK]).findings
    assert finding.answer is Answer.NOT_TESTABLE
    assert "[mailbox]" in finding.summary


@pytest.mark.parametrize(
    "table",
    [
        {},
        {"maildir": "a", "mbox": "b"},
        {"maildir": "nowhere"},
        {"mbox": 3},
        {"mbox": __file__, "within": 0},
        {"imap": "localhost", "user": "ann"},
        {"imap": "localhost", "user": "ann", "password_env": "NO_SUCH"},
        {"pop": "localhost"},
    ],
)
def test_a_wrong_table_is_told(table: dict) -> None:
    with pytest.raises(WrongProfile, match="mailbox"):
        mailbox_of(Profile("https://app.example", Account("ann", Secret("-")), extra={"mailbox": table}))


@pytest.mark.parametrize("charset", ["x-of-the-sender", "hex", "utf-8\0", "idna", "us-ascii"])
def test_a_message_in_a_charset_that_nobody_knows_is_read_as_well_as_it_can_be(charset: str) -> None:
    letter = Message()
    letter["Subject"] = f"=?{charset}?b?TmV3IHNpZ24taW4gbsOkaGVy?="
    letter["Content-Type"] = f'text/plain; charset="{charset}"'
    letter.set_payload("by Firefox, nä".encode())
    said = text(email.message_from_bytes(letter.as_bytes()))
    assert "by Firefox, n" in said
    assert "New sign-in n" in said or said.startswith("=?"), said


@pytest.mark.parametrize("subject", ["=?utf-8?b?A?=", "=?utf-8?q?=?=", "=?utf-8?b?New?= =?sign?in", "Für Sie"])
def test_a_subject_that_is_not_well_formed_is_read_as_it_stands(subject: str) -> None:
    letter = Message()
    letter["Subject"] = subject
    assert text(letter).strip()


def test_a_mailbox_may_be_on_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    letters = [message("Old", "before").as_bytes(), message("New sign-in", "by Firefox").as_bytes()]
    with imap_server(letters) as (port, ca):
        box, _ = mailbox_of(on_server(monkeypatch, port, ca))
        assert box.names() == {"1", "2"}
        assert box.read("2").startswith("New sign-in\nby Firefox")
        assert box.read("3") == ""


def test_a_server_that_lets_nobody_in_is_no_fault_of_the_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    with imap_server([]) as (port, ca):
        box, _ = mailbox_of(on_server(monkeypatch, port, ca, password="another one"))
        with pytest.raises(Unreachable, match="cannot be read") as raised:
            box.names()
    assert "another one" not in str(raised.value)


def on_server(monkeypatch: pytest.MonkeyPatch, port: int, ca: str, password: str = IMAP_PASSWORD) -> Profile:
    monkeypatch.setenv("MAILBOX_PASSWORD", password)
    table = {"imap": "localhost", "port": port, "user": "ann", "password_env": "MAILBOX_PASSWORD"}
    return Profile("https://app.example", Account("ann", Secret("-")), ca=ca, extra={"mailbox": table})


@contextmanager
def imap_server(letters: list[bytes]) -> Iterator[tuple[int, str]]:
    """As much of an IMAP server as is needed to read a folder: RFC 9051, over TLS."""
    ca, context = certificates()
    with socket.create_server(("localhost", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, context, letters))
        thread.start()
        try:
            yield listener.getsockname()[1], ca
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _serve(listener: socket.socket, context: ssl.SSLContext, letters: list[bytes]) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with context.wrap_socket(connection, server_side=True) as secure, secure.makefile("rwb") as stream:
            stream.write(b"* OK ready\r\n")
            stream.flush()
            for line in stream:
                tag, command, *words = line.decode().split()
                stream.writelines(_answers(command.upper(), words, letters))
                right = command.upper() != "LOGIN" or IMAP_PASSWORD in line.decode()
                stream.write(f"{tag} {'OK' if right else 'NO'} done\r\n".encode())
                stream.flush()
                if command.upper() == "LOGOUT":
                    break


def _answers(command: str, words: list[str], letters: list[bytes]) -> list[bytes]:
    answers: dict[str, Callable[[], list[bytes]]] = {
        "CAPABILITY": lambda: [b"* CAPABILITY IMAP4rev1\r\n"],
        "EXAMINE": lambda: [f"* {len(letters)} EXISTS\r\n".encode()],
        "LOGOUT": lambda: [b"* BYE\r\n"],
        "UID": lambda: _uid(words, letters),
    }
    return answers.get(command, list)()


def _uid(words: list[str], letters: list[bytes]) -> list[bytes]:
    if words[0].upper() == "SEARCH":
        return [b"* SEARCH " + " ".join(str(n + 1) for n in range(len(letters))).encode() + b"\r\n"]
    number = int(words[1])
    if number > len(letters):
        return []
    letter = letters[number - 1]
    return [f"* {number} FETCH (UID {number} BODY[] {{{len(letter)}}}\r\n".encode(), letter, b")\r\n"]
