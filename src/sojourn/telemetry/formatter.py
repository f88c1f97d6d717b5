"""`JsonFormatter`: log records as JSON, one line each, for whatever collects a site's logs."""

import json
import logging
import math
from collections.abc import Collection
from datetime import UTC, datetime

_OWN = {*vars(logging.makeLogRecord({})), "asctime", "message", "taskName"}
"""What every record has; anything else on it is a field that somebody added."""


class JsonFormatter(logging.Formatter):
    """Writes a record as one JSON object on one line, in ASCII: a line break in a value stays inside its quotes.

    `time` (RFC 3339, UTC), `level`, `logger`, `message`, then the fields that were added to the record (`extra`) which
    are texts, numbers, truth values, or lists of these; an object, such as a request, is left out, and so is whatever
    `omit` names. An exception's traceback is in `exception`. A field of the same name as one of ours is left out.

    In LOGGING: `"formatters": {"json": {"()": "sojourn.telemetry.formatter.JsonFormatter"}}`.
    """

    def __init__(self, omit: Collection[str] = ()) -> None:
        """`omit`: names of fields that are not to be written, such as "address"."""
        super().__init__()
        self._omit = frozenset(omit)

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line, without its end."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        added = {key: value for key, value in vars(record).items() if key not in _OWN and _plain(value)}
        fields = {key: value for key, value in (added | line).items() if key not in self._omit}
        return json.dumps({**{key: fields[key] for key in line if key in fields}, **fields})


def _plain(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(_plain(item) for item in value)
    if isinstance(value, float):
        return math.isfinite(value)  # JSON has no other
    return value is None or isinstance(value, str | int)
