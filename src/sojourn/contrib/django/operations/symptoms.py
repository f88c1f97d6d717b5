"""What an examination comes to: facts, and what is not as it should be."""

from dataclasses import dataclass, field
from enum import StrEnum


class Level(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Symptom:
    """Something that is not as it should be: what it is, and what to do."""

    level: Level
    id: str
    text: str
    hint: str = ""


@dataclass(slots=True)
class Patient:
    """What has been found out so far, as facts."""

    facts: dict[str, object] = field(default_factory=dict)
    reached: bool = False
    """Whether what keeps the records answers: otherwise nothing about them can be examined."""
