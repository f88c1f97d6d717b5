"""The tables of the SQL store: their shape for migrations, and a view of them for the admin.

`sojourn.stores.sql` reads and writes them by plain statements. Never change a row through these models: a limit holds
because every change is made while the subject is locked.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from sojourn.contrib.django.fields import ExactField

DIGEST = 64  # SHA-256 as hex digits


class Subject(models.Model):
    """One row for each subject that ever signed in: what is locked while its sessions are decided about."""

    subject = ExactField(_("subject"), max_length=255, primary_key=True)
    version = models.BigIntegerField(_("version"), default=0)
    """Goes up with every change that is made while the subject is locked."""
    profile = models.TextField(_("profile"), null=True)  # nothing is remembered of most subjects
    """What is remembered beside the sessions; see `sojourn.core.records.Profile`."""
    # NULL in what earlier versions wrote. Adding such a column rewrites no row, on no database.
    seen = models.BigIntegerField(_("oldest use of what is known"), null=True)
    """When the oldest device or place in the profile was last used; NULL if there is none."""

    class Meta:
        db_table = "sojourn_subject"
        verbose_name = _("subject")
        verbose_name_plural = _("subjects")
        default_permissions = ()
        indexes = (models.Index(fields=("seen",), name="sojourn_subject_seen"),)
        permissions = (("pause_subject", "Can pause sign-ins and let them go on"),)

    def __str__(self) -> str:
        return str(self.subject)


class Session(models.Model):
    """A session, open or ended; see `sojourn.core.records.Session`. All times are milliseconds since 1970 (UTC)."""

    sid = ExactField(_("session id"), max_length=64, primary_key=True)
    subject = ExactField(_("subject"), max_length=255)
    digest = ExactField(_("token digest"), max_length=DIGEST)
    predecessor = ExactField(_("digest of the token before"), max_length=DIGEST, null=True)
    predecessor_until = models.BigIntegerField(_("token before accepted until"))
    generation = models.BigIntegerField(_("renewals of the token"))
    created = models.BigIntegerField(_("created"))
    authenticated = models.BigIntegerField(_("authenticated"))
    last_seen = models.BigIntegerField(_("last seen"))
    inactivity_timeout = models.BigIntegerField(_("inactivity timeout"), null=True)
    expires = models.BigIntegerField(_("expires"), null=True)
    carrier_expires = models.BigIntegerField(_("carrier expires"), null=True)
    deadline = models.BigIntegerField(_("ends at the latest"), null=True)
    """The soonest of the three bounds while it is open (a far future if it has none), NULL once it has ended."""
    persistent = models.BooleanField(_("persistent"))
    client = ExactField(_("application"), max_length=255)
    device_kind = ExactField(_("kind of device"), max_length=16)
    device_family = ExactField(_("browser"), max_length=64)
    device_os = ExactField(_("operating system"), max_length=64)
    device_digest = ExactField(_("device digest"), max_length=255)
    address = ExactField(_("address"), max_length=64)
    place = ExactField(_("place"), max_length=255)
    acr = ExactField(_("authentication context"), max_length=255)
    amr = models.TextField(_("authentication methods"))
    parent = ExactField(_("session of who acts as the subject"), max_length=64)
    credential = ExactField(_("credential digest"), max_length=255)
    state = ExactField(_("state"), max_length=8)
    end_reason = ExactField(_("reason of the end"), max_length=32, null=True)
    ended = models.BigIntegerField(_("ended"), null=True)
    ended_by = ExactField(_("ended by"), max_length=255)
    format = models.IntegerField(_("format"))
    # NULL in what the first version wrote. Adding such a column rewrites no row, on no database.
    end_note = ExactField(_("why it was ended"), max_length=255, null=True)
    privileges = ExactField(_("privileges digest"), max_length=255, null=True)

    class Meta:
        db_table = "sojourn_session"
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        # What the admin asks for; nobody adds, changes or deletes a session but by signing in and out.
        default_permissions = ("view",)
        permissions = (
            ("end_session", "Can end sessions"),
            ("end_all_sessions", "Can end all sessions of everybody at once"),
        )
        constraints = (models.UniqueConstraint(fields=("digest",), name="sojourn_session_digest"),)
        indexes = (
            models.Index(fields=("predecessor",), name="sojourn_session_predecessor"),
            models.Index(fields=("subject", "state", "ended"), name="sojourn_session_roster"),
            models.Index(fields=("deadline",), name="sojourn_session_deadline"),
            models.Index(fields=("ended", "end_reason"), name="sojourn_session_ended"),
            models.Index(fields=("address",), name="sojourn_session_address"),
            # The order of a search, the new ones of a stretch of time, and the open ones from before an epoch. Not
            # (created, sid): that would be read past all ended sessions to find what an epoch has made void.
            models.Index(fields=("state", "created", "sid"), name="sojourn_session_started"),
        )

    def __str__(self) -> str:
        return str(self.sid)


class Ticket(models.Model):
    """A sign-in that waits for its user to choose; see `sojourn.core.records.Ticket`."""

    digest = ExactField(_("ticket digest"), max_length=DIGEST, primary_key=True)
    subject = ExactField(_("subject"), max_length=255)
    created = models.BigIntegerField(_("created"))
    expires = models.BigIntegerField(_("expires"))
    browser = ExactField(_("browser digest"), max_length=255)
    arrival = models.TextField(_("sign-in"))
    context = models.TextField(_("context"))
    format = models.IntegerField(_("format"))

    class Meta:
        db_table = "sojourn_ticket"
        verbose_name = _("pending sign-in")
        verbose_name_plural = _("pending sign-ins")
        indexes = (
            models.Index(fields=("expires",), name="sojourn_ticket_expires"),
            models.Index(fields=("subject",), name="sojourn_ticket_subject"),
        )
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.subject)


class OutboxEvent(models.Model):
    """Something that happened, recorded in the same transaction as the change itself, to be delivered."""

    id = models.BigAutoField(primary_key=True)
    event = ExactField(_("event id"), max_length=64)
    route = models.SmallIntegerField(_("route"))
    subject = ExactField(_("subject"), max_length=255)
    type = ExactField(_("type"), max_length=64)
    at = models.BigIntegerField(_("at"))
    payload = models.TextField(_("payload"))
    # NULL in what was recorded before there was delivery. Adding such columns rewrites no row, on no database.
    due = models.BigIntegerField(_("to be delivered at"), null=True)
    """When a worker is to look at it next; NULL once nobody waits for it."""
    progress = models.TextField(_("progress of delivery"), null=True)
    dead = models.BigIntegerField(_("given up"), null=True)
    """Its own number, if a sink has given it up or it cannot be read; otherwise NULL."""

    class Meta:
        db_table = "sojourn_event"
        verbose_name = _("event")
        verbose_name_plural = _("events")
        default_permissions = ()
        constraints = (models.UniqueConstraint(fields=("event",), name="sojourn_event_event"),)
        indexes = (
            models.Index(fields=("due", "id"), name="sojourn_event_due"),
            models.Index(fields=("subject", "due"), name="sojourn_event_waiting"),
            models.Index(fields=("dead",), name="sojourn_event_dead"),
            models.Index(fields=("at",), name="sojourn_event_at"),
            models.Index(fields=("subject", "at"), name="sojourn_event_subject"),
        )

    def __str__(self) -> str:
        return f"{self.type} {self.event}"


class Lease(models.Model):
    """Who tells of a subject at present, and when anybody last did; see `sojourn.core.outbox.Lease`."""

    subject = ExactField(_("subject"), max_length=255, primary_key=True)
    worker = ExactField(_("worker"), max_length=64)
    until = models.BigIntegerField(_("until"))
    told = models.TextField(_("last told"))
    used = models.BigIntegerField(_("used until"))
    """The latest end that it ever had. It is forgotten long after that, and `told` with it."""

    class Meta:
        db_table = "sojourn_lease"
        verbose_name = _("lease")
        verbose_name_plural = _("leases")
        default_permissions = ()
        indexes = (models.Index(fields=("used",), name="sojourn_lease_used"),)

    def __str__(self) -> str:
        return str(self.subject)


class Sink(models.Model):
    """A way of telling that fails at present; see `sojourn.core.outbox.Failing`."""

    name = ExactField(_("name"), max_length=255, primary_key=True)
    since = models.BigIntegerField(_("since"))
    error = models.TextField(_("error"))
    disabled = models.BigIntegerField(_("disabled"), null=True)

    class Meta:
        db_table = "sojourn_sink"
        verbose_name = _("failing sink")
        verbose_name_plural = _("failing sinks")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.name)


class Epoch(models.Model):
    """At most one row, `id` 1: every session that began before the moment `at` is void."""

    id = models.IntegerField(primary_key=True)
    at = models.BigIntegerField(_("at"))

    class Meta:
        db_table = "sojourn_epoch"
        verbose_name = _("epoch")
        verbose_name_plural = _("epochs")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.at)


class Move(models.Model):
    """That a move from another store to this database has begun (`mark` ""), or that a subject has come by it."""

    mark = ExactField(_("mark"), max_length=64, primary_key=True)
    move = ExactField(_("move"), max_length=64)

    class Meta:
        db_table = "sojourn_move"
        verbose_name = _("move")
        verbose_name_plural = _("moves")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.move)
