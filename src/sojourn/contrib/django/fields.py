"""Text that is equal only if every byte is: what names a subject, a session or a digest must not be guessed at."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

if TYPE_CHECKING:
    _CharField = models.CharField[Any, Any]  # only the stubs are generic
else:
    _CharField = models.CharField

# UTF-8 needs at most this many bytes for a character.
_BYTES = 4


class ExactField(_CharField):
    """A CharField without collation: case, accents, normal form and trailing spaces all count, on every database.

    MariaDB and MySQL compare text by a collation that ignores case, and even their binary ones ignore trailing
    spaces; there the column is VARBINARY, which also takes any character whatever the database's character set.
    PostgreSQL gets the collation "C", so that order is the same everywhere, and no second index for LIKE.
    """

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        """The type of the column on this database."""
        if connection.vendor == "mysql":
            return f"varbinary({(self.max_length or 255) * _BYTES})"
        if connection.vendor == "postgresql":
            return f"character varying({self.max_length})"
        return super().db_type(connection)

    def db_parameters(self, connection: BaseDatabaseWrapper) -> Any:
        """The type and the collation of the column on this database."""
        parameters = super().db_parameters(connection)
        if connection.vendor == "postgresql":
            parameters["collation"] = "C"
        return parameters

    def from_db_value(self, value: str | bytes | None, *_: object) -> str | None:
        """Text also where the database answers with bytes; damaged bytes are shown as such rather than raised."""
        return value.decode(errors="replace") if isinstance(value, bytes) else value
