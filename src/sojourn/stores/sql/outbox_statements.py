"""The text of every statement for delivery: pure. Values are always parameters (`%s`)."""

from sojourn.stores.sql.letters import LETTER
from sojourn.stores.sql.statements import Dialect


class OutboxStatements:
    """Every statement of the outbox, for one kind of database."""

    def __init__(self, dialect: Dialect) -> None:
        letter = f"SELECT {', '.join(LETTER)} FROM sojourn_event"
        # `one` may narrow it down to one subject.
        self.due = (
            "SELECT sojourn_event.subject FROM sojourn_event LEFT JOIN sojourn_lease"
            " ON sojourn_lease.subject = sojourn_event.subject"
            " WHERE sojourn_event.due <= %s AND (sojourn_lease.until IS NULL OR sojourn_lease.until <= %s){one}"
            " ORDER BY sojourn_event.due, sojourn_event.id LIMIT %s"
        )
        self.waiting = (
            f"SELECT {', '.join(LETTER)}, event FROM sojourn_event WHERE subject = %s AND due IS NOT NULL AND id > %s"
            " ORDER BY id LIMIT %s"
        )
        self.renew = "UPDATE sojourn_lease SET worker = %s, until = %s WHERE subject = %s AND until <= %s"
        self.begin = (
            "INSERT INTO sojourn_lease (subject, worker, until, told) VALUES (%s, %s, %s, '{}')"
            f" {dialect.keep.format(key='subject')}"
        )
        self.lease = "SELECT worker, until, told FROM sojourn_lease WHERE subject = %s"
        self.settle = "UPDATE sojourn_lease SET worker = %s, until = %s, told = %s WHERE subject = %s AND worker = %s"
        self.letter = "UPDATE sojourn_event SET due = %s, progress = %s, dead = %s WHERE event = %s"
        self.one = f"{letter} WHERE event = %s"
        self.dead = f"{letter} WHERE dead IS NOT NULL AND id > %s ORDER BY id LIMIT %s"
        self.id = "SELECT id FROM sojourn_event WHERE event = %s"
        self.failing = "SELECT name, since, error, disabled FROM sojourn_sink"
        self.fail = (
            "INSERT INTO sojourn_sink (name, since, error, disabled) VALUES (%s, %s, %s, %s)"
            f" {dialect.on_conflict.format(key='name')} since = %s, error = %s, disabled = %s"
        )
        self.works = "DELETE FROM sojourn_sink WHERE name = %s"
