"""Passwords: from the environment, from a file descriptor, or asked for at the terminal. Never from an argument.

What stands among a program's arguments is seen by everybody on the machine, and kept in the history of the shell.
"""

import getpass
import os
import sys
from collections.abc import Callable, Mapping

from sojourn.probe.errors import WrongProfile
from sojourn.probe.profiles.secret import Secret

MOST = 4_096
"""Bytes that a password may have."""


def from_environment(variable: str, environment: Mapping[str, str] | None = None) -> Secret:
    """The value of an environment variable. Raises WrongProfile where it is not set, or empty."""
    value = (os.environ if environment is None else environment).get(variable, "")
    if not value:
        raise WrongProfile(f"The environment variable {variable} is not set: a secret is to be in it")
    return Secret(value)


def from_descriptor(number: int) -> Secret:
    """The first line of what an open file descriptor holds, without the line's end: `--password-fd 3 3<file`.

    Raises WrongProfile where it cannot be read, or is empty, or longer than 4,096 bytes.
    """
    read = b""
    try:
        while b"\n" not in read and len(read) <= MOST:
            more = os.read(number, MOST)
            if not more:
                break
            read += more
        value = read.split(b"\n")[0].rstrip(b"\r").decode()
    except (OSError, OverflowError, UnicodeDecodeError) as error:
        raise WrongProfile(f"No password can be read from file descriptor {number}: {type(error).__name__}") from None
    if not value or len(value) > MOST:
        raise WrongProfile(f"File descriptor {number} holds no password in its first line")
    return Secret(value)


def at_the_terminal(name: str, *, ask: Callable[[str], str] = getpass.getpass) -> Secret:
    """Ask for the password of that account, without showing it. Raises WrongProfile where nobody can be asked."""
    if ask is getpass.getpass and not sys.stdin.isatty():
        raise WrongProfile(
            f"The password of {name} is not known, and there is no terminal to ask at: give it by --password-env or "
            "--password-fd"
        )
    try:
        value = ask(f"Password of {name}: ")
    except EOFError:
        value = ""
    if not value:
        raise WrongProfile(f"No password of {name} was given")
    return Secret(value)


def password(name: str, *, variable: str = "", descriptor: int | None = None) -> Secret:
    """The password of an account, from the first of these that is given; asked for where none is."""
    if variable and descriptor is not None:
        raise WrongProfile(
            f"The password of {name} is given twice: by an environment variable and by a file descriptor"
        )
    if variable:
        return from_environment(variable)
    if descriptor is not None:
        return from_descriptor(descriptor)
    return at_the_terminal(name)
