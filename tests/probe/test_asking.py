"""Passwords come from the environment, from a file descriptor or from a terminal; each says what it lacks."""

from __future__ import annotations

import io
import os

import pytest

from sojourn.probe.errors import WrongProfile
from sojourn.probe.profiles import asking


def described(content: bytes) -> int:
    reading, writing = os.pipe()
    os.write(writing, content)
    os.close(writing)
    return reading


@pytest.mark.parametrize("content", [b"pass word\n", b"pass word", b"pass word\r\nanother line\n"])
def test_a_descriptor_gives_its_first_line(content: bytes) -> None:
    number = described(content)
    try:
        assert asking.password("ann", descriptor=number).reveal() == "pass word"
    finally:
        os.close(number)


@pytest.mark.parametrize("content", [b"", b"\nsecond", b"\xff\xfe\n", b"x" * 5_000])
def test_a_descriptor_without_a_password_is_an_error(content: bytes) -> None:
    number = described(content)
    try:
        with pytest.raises(WrongProfile, match=f"escriptor {number}"):
            asking.from_descriptor(number)
    finally:
        os.close(number)
    with pytest.raises(WrongProfile):
        asking.from_descriptor(10_000)


def test_the_environment_gives_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANNS", "pass word")
    assert asking.password("ann", variable="ANNS").reveal() == "pass word"
    with pytest.raises(WrongProfile, match="BOBS is not set"):
        asking.password("bob", variable="BOBS")
    with pytest.raises(WrongProfile, match="given twice"):
        asking.password("ann", variable="ANNS", descriptor=3)


def test_the_terminal_is_asked_and_nobody_answers_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert asking.at_the_terminal("ann", ask=lambda _: "pass word").reveal() == "pass word"
    with pytest.raises(WrongProfile, match="No password of ann"):
        asking.at_the_terminal("ann", ask=lambda _: "")
    with pytest.raises(WrongProfile, match="no terminal to ask at"):
        asking.password("ann")
