"""Every key of the TOML profile: what it is, what it may hold, where its value goes. The reference is made of it."""

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a key may hold, in the words of the documentation and of the errors."""

    TEXT = 'a text, such as `"..."`'
    TEXTS = 'a list of texts, such as `["...", "..."]`'
    TEXT_OF = 'a table of texts, such as `{ a = "...", b = "..." }`'
    SECONDS = "a number of seconds"
    COUNT = "a whole number"
    FLAG = "`true` or `false`"

    def fits(self, value: object) -> bool:
        """Whether a value out of a TOML file is of this kind."""
        match self:
            case Kind.TEXT:
                return isinstance(value, str)
            case Kind.TEXTS:
                return isinstance(value, list) and all(isinstance(each, str) for each in value)
            case Kind.TEXT_OF:
                return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
            case Kind.SECONDS:
                return isinstance(value, int | float) and not isinstance(value, bool)
            case Kind.COUNT:
                return isinstance(value, int) and not isinstance(value, bool)
            case Kind.FLAG:
                return isinstance(value, bool)


@dataclass(frozen=True, slots=True)
class Key:
    """One key of one table."""

    table: str
    """ "" for what stands above all tables."""
    name: str
    kind: Kind
    about: str
    field: str = ""
    """The field of `Profile` (or of `Step`, `Credentials`) that it fills; "" where it has the same name."""

    @property
    def fills(self) -> str:
        """The name of the field."""
        return self.field or self.name


TABLES = {
    "": "Above all tables",
    "account": "The account that signs in: a test account, whose sessions the audit may end",
    "admin": "An administrator, for the checks that need one",
    "login": "How one signs in, where the form is not found",
    "login.steps": "`[[login.steps]]`, as often as there are steps: each fills a form, or sends JSON",
    "signed_in": "What shows that one is signed in",
    "logout": "How one signs out, where it is not found",
    "sessions": "The list of one's own sessions",
    "network": "Where requests may go",
    "manners": "How much the audit may ask of the application",
}
"""Every table that the probe itself reads, and what it is for."""

TABLES_OF_CHECKS = {
    "limit": (
        "how many sessions there may be at once (`max_sessions`), what happens then (`overflow`: `refuse`, "
        "`end_existing` or `ask`), and how many sign-ins are made to see it (`at_most`, 6 if it is not there)"
    ),
    "mailbox": (
        "the account's mailbox: `maildir` or `mbox`, a path; or `imap`, a host, with `port` (993), `user`, "
        "`password_env` and `folder` (`INBOX`). `within` is for how many seconds a message is waited for (60)"
    ),
    "disabling": (
        "how an administrator disables and enables the account: `user`, the page with the form (Django's admin's is "
        "found without it); `box`, the name of the box on it (`is_active`), and `disabled_when`: `unticked` or `ticked`"
    ),
    "changing": (
        "how the account's password is changed: `url`, the page with the form; the names of its fields, `old`, `new` "
        "and `repeat`; and `new_password_env`, the variable with the password that it has meanwhile (else a random one)"
    ),
    "half": "a list of steps under each name, such as `[[half.reset]]`: what begins a sign-in and does not finish it",
    "slow": "`url`: a page that takes its time, and is better if it changes the session",
    "passive": "`urls`: what pages ask for by themselves, such as a state or new messages",
    "transport": "`http`: the application's address without TLS, where its https port is not 443",
}
"""Tables that are handed to single checks as they stand; each check reads and judges its own."""

_PASSWORD = (
    ("name", Kind.TEXT, "What is typed as the name of the account, or its address."),
    (
        "password_env",
        Kind.TEXT,
        "The environment variable that holds the password. Without it the password is asked for.",
    ),
    (
        "password_fd",
        Kind.COUNT,
        "The number of an open file descriptor that the password is read from, up to its first line's end.",
    ),
)

KEYS = (
    Key("", "target", Kind.TEXT, "The application's address, such as `https://app.example`."),
    *(Key("account", name, kind, about) for name, kind, about in _PASSWORD),
    Key(
        "account",
        "totp_env",
        Kind.TEXT,
        "The environment variable that holds the secret of its authenticator app (RFC 6238), in base 32 or as a whole "
        "`otpauth://totp/` address, for `{totp}` in a step.",
    ),
    *(Key("admin", name, kind, about) for name, kind, about in _PASSWORD),
    Key("login", "url", Kind.TEXT, "The page with the login form, relative to the target.", "login"),
    Key(
        "login",
        "browser",
        Kind.FLAG,
        "Whether a real browser signs in, for a login that needs scripts. It finds the fields by itself; with steps, "
        "each fills in the fields that it names and presses the button.",
    ),
    Key(
        "login",
        "bearer",
        Kind.TEXT,
        "What is sent as `Authorization: Bearer` after the last step, such as `{token}`, a value that a step keeps.",
    ),
    Key(
        "login.steps",
        "url",
        Kind.TEXT,
        "Where the step goes, relative to the target; without it, where the step before led. "
        "One without anything else opens the page.",
    ),
    Key(
        "login.steps",
        "fields",
        Kind.TEXT_OF,
        "What is filled in, by the names of the fields. `{user}` and `{password}` stand for the account's, `{totp}` "
        "for its one-time code of the moment, `{name}` for what a step before kept. Hidden fields are sent as they are "
        "on the page. In JSON a dotted name is a path.",
    ),
    Key("login.steps", "json", Kind.FLAG, "Whether the fields are sent to `url` as JSON; no form is looked for then."),
    Key("login.steps", "form", Kind.TEXT, "A CSS selector of the form, where the page has several."),
    Key("login.steps", "keep", Kind.TEXT_OF, "Values of a JSON answer to keep: a dotted path for each name."),
    Key(
        "signed_in",
        "urls",
        Kind.TEXTS,
        "Pages, or addresses of an API, that only somebody who is signed in sees, or sees otherwise; better several.",
        "protected",
    ),
    Key(
        "signed_in",
        "text",
        Kind.TEXT,
        "What those pages say to somebody who is signed in, and to nobody else.",
        "signed_in_text",
    ),
    Key("logout", "url", Kind.TEXT, "Where one signs out, relative to the target.", "logout"),
    Key("logout", "method", Kind.TEXT, "The HTTP method: `POST` unless it is named.", "logout_method"),
    Key(
        "sessions", "url", Kind.TEXT, "The page that lists the account's sessions, relative to the target.", "sessions"
    ),
    Key("network", "hosts", Kind.TEXTS, "Other hosts that may be asked, such as that of an SSO."),
    Key("network", "ca", Kind.TEXT, "A file with the certificate authority to trust, in PEM."),
    Key("network", "answer_time", Kind.SECONDS, "For how long an answer is waited for."),
    Key("manners", "max_sign_ins", Kind.COUNT, "How many sign-ins may be made in all."),
    Key("manners", "pause", Kind.SECONDS, "The pause between two sign-ins that follow one another."),
    Key(
        "manners", "max_time", Kind.SECONDS, "For how long the audit may take, without the waiting that `wait` allows."
    ),
    Key("manners", "wait", Kind.SECONDS, "For how long it may wait to see timeouts."),
    Key(
        "manners",
        "changes",
        Kind.FLAG,
        "Whether it may change the password (with `[admin]`: disable the account), and change it back.",
    ),
)
"""Every key that the probe itself reads."""
