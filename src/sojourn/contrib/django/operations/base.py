"""What every operation is: its words on the command line, and what it does with them."""

from abc import ABC, abstractmethod
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any, ClassVar

from sojourn.contrib.django.operations.terminal import Terminal

Options = Mapping[str, Any]


class Operation(ABC):
    """Something that an operator does. Raises CommandError, saying what to do next, for whatever it cannot use."""

    name: ClassVar[str]
    help: ClassVar[str]
    """What it does, in sentences."""
    checked: ClassVar[bool] = True
    """Whether it is refused where the system checks find errors."""

    def arguments(self, parser: ArgumentParser) -> None:  # noqa: B027  # most have some, not all
        """Its own arguments; `--json` is there already."""

    @abstractmethod
    def run(self, terminal: Terminal, options: Options) -> None:
        """Do it."""
