"""The text of every statement for delivery: pure. Values are always parameters (`%s`)."""

from sojourn.stores.letters import LETTER
from sojourn.stores.sql.statements import Dialect

DUE = "sojourn_event_due"
WAITING = "sojourn_event_waiting"


class OutboxStatements:
    """Every statement of the outbox, for one kind of database."""

    def __init__(self, dialect: Dialect) -> None:
        columns = ", ".join(LETTER)
        upsert = dialect.on_conflict.format(key="subject")
        free = (
            " LEFT JOIN sojourn_lease ON sojourn_lease.subject = sojourn_event.subject"
            " WHERE sojourn_event.due <= %s AND (sojourn_lease.until IS NULL OR sojourn_lease.until <= %s)"
        )
        order = " ORDER BY sojourn_event.due, sojourn_event.id LIMIT %s"
        due, waiting = (dialect.by_index.format(name=name) for name in (DUE, WAITING))
        self.due = f"SELECT sojourn_event.subject FROM sojourn_event{due}{free}{order}"
        one = " AND sojourn_event.subject = %s"
        self.due_of_one = f"SELECT sojourn_event.subject FROM sojourn_event{waiting}{free}{one}{order}"
        self.waiting = (
            f"SELECT {columns}, event FROM sojourn_event{waiting} WHERE subject = %s AND due IS NOT NULL AND id > %s"
            " ORDER BY id LIMIT %s"
        )
        # One statement, so that it needs no transaction, and makes the row if need be: two that do it one after the
        # other lock MariaDB's gaps. It sees `until` as it was in both places, since that is assigned last.
        self.take = (
            "INSERT INTO sojourn_lease (subject, worker, until, told, used) VALUES (%s, %s, %s, '{}', %s)"
            f" {upsert} worker = CASE WHEN sojourn_lease.until <= %s THEN %s ELSE sojourn_lease.worker END,"
            f" used = {dialect.greatest}(sojourn_lease.used, %s),"
            " until = CASE WHEN sojourn_lease.until <= %s THEN %s ELSE sojourn_lease.until END"
        )
        self.interrupt = (
            "INSERT INTO sojourn_lease (subject, worker, until, told, used) VALUES (%s, '', 0, '{}', %s)"
            f" {upsert} worker = '', until = 0"
        )
        self.lease = "SELECT worker, until, told FROM sojourn_lease WHERE subject = %s"
        mine = "WHERE subject = %s AND worker = %s"
        self.go_on = f"UPDATE sojourn_lease SET until = %s, used = %s, told = %s {mine}"
        self.give_up = f"UPDATE sojourn_lease SET worker = '', until = 0, told = %s {mine}"
        self.letter = "UPDATE sojourn_event SET due = %s, progress = %s, dead = NULL WHERE event = %s"
        self.dead_letter = "UPDATE sojourn_event SET due = %s, progress = %s, dead = id WHERE event = %s"
        self.damaged = "UPDATE sojourn_event SET due = NULL, dead = id WHERE event = %s"
        self.retell = "UPDATE sojourn_event SET payload = %s WHERE event = %s"
        self.one = f"SELECT {columns} FROM sojourn_event WHERE event = %s{dialect.locking}"
        self.subject = "SELECT subject FROM sojourn_event WHERE event = %s AND dead IS NOT NULL"
        self.dead = f"SELECT {columns}, dead FROM sojourn_event WHERE dead > %s ORDER BY dead LIMIT %s"
        self.id = "SELECT id FROM sojourn_event WHERE event = %s"
        # Apart: SQLite reads the whole table for two of them in one.
        self.ends = "SELECT (SELECT MIN(id) FROM sojourn_event), (SELECT MAX(id) FROM sojourn_event)"
        self.number = "SELECT COUNT(*) FROM sojourn_event"
        self.failing = "SELECT name, since, error, disabled FROM sojourn_sink"
        self.fail = (
            "INSERT INTO sojourn_sink (name, since, error, disabled) VALUES (%s, %s, %s, %s)"
            f" {dialect.on_conflict.format(key='name')} since = %s, error = %s, disabled = %s"
        )
        self.works = "DELETE FROM sojourn_sink WHERE name = %s"
