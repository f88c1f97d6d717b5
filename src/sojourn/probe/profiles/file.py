"""The TOML profile: read, checked key by key, and made into a `Profile` together with what the command line says."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from sojourn.probe.errors import WrongProfile
from sojourn.probe.profiles import asking
from sojourn.probe.profiles.keys import KEYS, TABLES, TABLES_OF_CHECKS, Key
from sojourn.probe.profiles.profile import Account, Profile, Step
from sojourn.probe.profiles.secret import Secret
from sojourn.probe.profiles.totp import totp


@dataclass(frozen=True, slots=True)
class Credentials:
    """An account as a profile names it: never with the password itself."""

    name: str = ""
    password_env: str = ""
    password_fd: int | None = None
    totp_env: str = ""


@dataclass(frozen=True, slots=True)
class ProfileFile:
    """What a profile says, checked; whatever it does not say is not in it."""

    account: Credentials = Credentials()
    admin: Credentials | None = None
    values: Mapping[str, object] = field(default_factory=dict)
    """By the names of the fields of `Profile`."""
    extra: Mapping[str, object] = field(default_factory=dict)
    """The tables of single checks, as they stand."""


def read_profile(path: str | Path) -> ProfileFile:
    """Read a profile. Raises WrongProfile, which names the file, the key, and what to write."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongProfile(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}") from None
    return parse_profile(text, str(path))


def parse_profile(text: str, name: str = "the profile") -> ProfileFile:
    """The same for the text itself; `name` is what errors call it."""
    try:
        read = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WrongProfile(f"{name} is no TOML: {error}") from None
    try:
        return _checked(read)
    except WrongProfile as error:
        raise WrongProfile(f"{name}: {error}") from None


def make_profile(
    target: str = "",
    user: str = "",
    password: Secret | None = None,
    *,
    file: ProfileFile | None = None,
    ask: Callable[..., Secret] = asking.password,
    look_up: Callable[[str], Secret] = asking.from_environment,
    **options: object,
) -> Profile:
    """A profile of what the command line and a file say; the command line wins.

    `options` are fields of `Profile`; those that are None, False or empty were not given. Passwords that were not given
    are taken from where the file says, or asked for: `ask(name, variable=..., descriptor=...)`; the secret of one-time
    codes is looked up where the file says. Raises WrongProfile.
    """
    file = file or ProfileFile()
    options = {key: tuple(value) if isinstance(value, list) else value for key, value in options.items()}
    given = {
        key: value for key, value in options.items() if value not in (None, "", (), frozenset()) and value is not False
    }
    values = {**file.values, **given}
    hosts = [*_texts(file.values.get("hosts")), *_texts(given.get("hosts"))]
    target = target or str(values.pop("target", ""))
    values.pop("target", None)
    name = user or file.account.name
    if not target:
        raise WrongProfile("Which application? Write its address, or `target` into the profile")
    if not name:
        raise WrongProfile("Who signs in? Write --user, or `name` under [account] into the profile")
    Profile(target, Account(name, Secret("")))  # a wrong address is told before anybody is asked for a password
    if password is None:
        known = file.account
        password = ask(name, variable=known.password_env, descriptor=known.password_fd)
    if file.admin and "admin" not in values:
        known = file.admin
        secret = ask(known.name, variable=known.password_env, descriptor=known.password_fd)
        values["admin"] = Account(known.name, secret)
    values["hosts"] = frozenset(hosts)
    values["extra"] = file.extra
    variable = file.account.totp_env
    account = Account(name, password, totp(look_up(variable)) if variable else None)
    return _whole(Profile(target, account, **values))  # type: ignore[arg-type]  # checked by kind, key by key


def _whole(profile: Profile) -> Profile:
    sends = any("{totp}" in value for step in profile.steps for value in step.fields.values())
    if sends and profile.account.totp is None:
        raise WrongProfile(
            "`totp_env` under [account] is missing: a step sends {totp}, and no environment variable is named that "
            "holds the secret that its codes are made of"
        )
    return profile


def _texts(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, tuple | list | frozenset | set) else []


def _checked(read: Mapping[str, object]) -> ProfileFile:
    top = {key: value for key, value in read.items() if not isinstance(value, dict)}
    values, credentials = _table("", top), dict[str, Credentials]()
    extra = dict[str, object]()
    for table, content in read.items():
        if not isinstance(content, dict):
            continue
        if table in TABLES_OF_CHECKS:
            extra[table] = MappingProxyType(content)
        elif table not in TABLES or not table:
            known = ", ".join(f"[{each}]" for each in (*TABLES, *TABLES_OF_CHECKS) if each and "." not in each)
            raise WrongProfile(f"[{table}] is no table of a profile; there are {known}")
        elif table in {"account", "admin"}:
            credentials[table] = _credentials(table, content)
        else:
            steps = content.pop("steps", None) if table == "login" else None
            values |= _table(table, content)
            if steps is not None:
                values["steps"] = _steps(steps)
    return ProfileFile(credentials.get("account", Credentials()), credentials.get("admin"), values, extra)


def _table(table: str, content: Mapping[str, object]) -> dict[str, object]:
    keys = {each.name: each for each in KEYS if each.table == table}
    values = {}
    for name, value in content.items():
        if name not in keys:
            raise WrongProfile(f"{_place(table, name)} is no key; {_there_are(table, keys)}")
        values[keys[name].fills] = _value(keys[name], value)
    return values


def _value(key: Key, value: object) -> object:
    if not key.kind.fits(value):
        raise WrongProfile(f"{_place(key.table, key.name)} is {value!r}; write {key.kind.value}")
    return tuple(value) if isinstance(value, list) else value


def _place(table: str, name: str) -> str:
    if table == "login.steps":
        return f"`{name}` under [[login.steps]]"
    return f"`{name}` under [{table}]" if table else f"`{name}`"


def _there_are(table: str, keys: Mapping[str, Key]) -> str:
    if not table:
        return f"above the tables there is only {', '.join(keys)}"
    return f"there are {', '.join([*keys, *(['steps'] if table == 'login' else [])])}"


def _credentials(table: str, content: Mapping[str, object]) -> Credentials:
    if "password" in content:
        raise WrongProfile(
            f"`password` under [{table}] would be read by everybody who reads the file; write password_env, and the "
            "password into that environment variable, or leave it out to be asked"
        )
    found = Credentials(**_table(table, content))  # type: ignore[arg-type]  # checked by kind, key by key
    if table == "admin" and not found.name:
        raise WrongProfile("`name` under [admin] is missing")
    return found


def steps_of(tables: object) -> tuple[Step, ...]:
    """Steps of a table that belongs to a check, written as those under [[login.steps]]. Raises WrongProfile."""
    if not isinstance(tables, list) or not tables or not all(isinstance(each, dict) for each in tables):
        raise WrongProfile("steps are a list of tables; write each under its own name in double square brackets")
    return tuple(Step(**_table("login.steps", each)) for each in tables)  # type: ignore[arg-type]  # checked by kind


def _steps(steps: object) -> tuple[Step, ...]:
    if not isinstance(steps, list) or not steps or not all(isinstance(each, dict) for each in steps):
        raise WrongProfile("`steps` under [login] is a list of tables; write [[login.steps]] above each")
    made = steps_of(steps)
    if not any("{password}" in value for step in made for value in step.fields.values()):
        raise WrongProfile(
            'no step under [[login.steps]] sends the password; write such as fields = { pw = "{password}" }'
        )
    if not made[0].url:
        raise WrongProfile("`url` under the first [[login.steps]] is missing: where does the login begin?")
    for number, step in enumerate(made, 1):
        if step.json and not step.url:
            raise WrongProfile(f"`url` under [[login.steps]] number {number} is missing: where does the JSON go?")
        if step.keep and not step.json:
            raise WrongProfile(f"`keep` under [[login.steps]] number {number} is of use with `json = true` only")
    return made
