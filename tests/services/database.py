"""What PostgreSQL and MariaDB have in common for a test: parameters, fresh databases, an end."""

from __future__ import annotations

import dataclasses
import itertools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.services.process import ServerProcess

_numbers = itertools.count(1)


@dataclasses.dataclass(frozen=True, slots=True)
class DatabaseServer:
    """A running database server that belongs to this test run alone.

    engine: Django's backend. host, port: where it listens (loopback). user, password: an account that may create
    databases. version: as the server reports it. options: Django's OPTIONS.
    """

    engine: str
    host: str
    port: int
    user: str
    password: str = dataclasses.field(repr=False)
    version: str
    options: dict[str, Any]
    _process: ServerProcess = dataclasses.field(repr=False)
    _execute: Callable[[str], str] = dataclasses.field(repr=False)

    def database(self, name: str = "sojourn", **options: Any) -> dict[str, Any]:
        """Return an entry for Django's DATABASES, plain data that can be sent to a spawned process.

        The database `sojourn` is there from the start. Keyword arguments are added to OPTIONS.
        """
        return {
            "ENGINE": self.engine,
            "NAME": name,
            "HOST": self.host,
            "PORT": str(self.port),
            "USER": self.user,
            "PASSWORD": self.password,
            "OPTIONS": {**self.options, **options},
            "TEST": {"NAME": f"test_{name}"},
        }

    def new_database(self, **options: Any) -> dict[str, Any]:
        """Create an empty database that nothing else uses and return its entry for Django's DATABASES."""
        name = f"sojourn_{os.getpid()}_{next(_numbers)}"
        self._execute(f"CREATE DATABASE {name}")
        return self.database(name, **options)

    @property
    def files(self) -> Path:
        """The server's directory, with its data and its log. It is gone after `stop()`."""
        return self._process.directory

    def stop(self) -> None:
        """End the server and delete its data. A second call does nothing."""
        self._process.stop()
