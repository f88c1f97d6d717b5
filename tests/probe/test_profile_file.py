"""The TOML profile: what it says goes into the audit, what it cannot say is told with the key and what to write."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from sojourn.probe.errors import WrongProfile
from sojourn.probe.profiles.file import Credentials, make_profile, parse_profile, read_profile
from sojourn.probe.profiles.keys import KEYS, TABLES
from sojourn.probe.profiles.profile import Account, Profile, Step
from sojourn.probe.profiles.secret import Secret
from sojourn.probe.profiles.totp import Totp
from tests.docs.markdown import DOCS, Page

WHOLE = """
target = "https://app.example"
[account]
name = "ann"
password_env = "ANN"
totp_env = "ANNS_CODES"
[admin]
name = "root"
password_fd = 7
[login]
url = "/in"
browser = true
bearer = "{token}"
[[login.steps]]
url = "/api/login"
json = true
fields = { user = "{user}", pw = "{password}" }
keep = { token = "data.token" }
[[login.steps]]
form = "#next"
[signed_in]
urls = ["/me", "/report"]
text = "Sign out"
[logout]
url = "/out"
method = "DELETE"
[sessions]
url = "/sessions"
[network]
hosts = ["sso.example"]
ca = "ca.pem"
answer_time = 3.5
[manners]
max_sign_ins = 9
pause = 2
max_time = 60
wait = 10
changes = true
[mailbox]
imap = "mail.example"
"""


KEY = Secret("GEZDGNBV")


def asked(name: str, *, variable: str = "", descriptor: int | None = None) -> Secret:
    return Secret(f"{name}, {variable}, {descriptor}")


def test_every_key_arrives_in_the_profile() -> None:
    made = make_profile(file=parse_profile(WHOLE), ask=asked, look_up={"ANNS_CODES": KEY}.__getitem__)
    assert made == Profile(
        "https://app.example",
        Account("ann", Secret("ann, ANN, None"), Totp(KEY)),
        admin=Account("root", Secret("root, , 7")),
        login="/in",
        browser=True,
        bearer="{token}",
        steps=(
            Step("/api/login", {"user": "{user}", "pw": "{password}"}, json=True, keep={"token": "data.token"}),
            Step(form="#next"),
        ),
        protected=("/me", "/report"),
        signed_in_text="Sign out",
        logout="/out",
        logout_method="DELETE",
        sessions="/sessions",
        hosts=frozenset({"sso.example"}),
        ca="ca.pem",
        answer_time=3.5,
        max_sign_ins=9,
        pause=2,
        max_time=60,
        wait=10,
        changes=True,
        extra={"mailbox": {"imap": "mail.example"}},
    )


def test_every_key_is_tried_above_and_no_field_of_a_profile_lacks_one() -> None:
    assert {key.name for key in KEYS if key.name not in WHOLE} == set()
    filled = {key.fills for key in KEYS if key.table not in {"account", "admin", "login.steps"}}
    assert {each.name for each in fields(Profile)} - filled == {"account", "admin", "steps", "extra"}
    assert {key.fills for key in KEYS if key.table == "login.steps"} == {each.name for each in fields(Step)}
    assert {key.fills for key in KEYS if key.table == "account"} == {each.name for each in fields(Credentials)}
    assert {key.table for key in KEYS} == set(TABLES)


def test_the_command_line_goes_before_the_file_and_hosts_add_up() -> None:
    made = make_profile(
        "https://other.example",
        "bob",
        Secret("known"),
        file=parse_profile(
            WHOLE.replace('[admin]\nname = "root"\npassword_fd = 7', "").replace('totp_env = "ANNS_CODES"', "")
        ),
        ask=asked,
        hosts=("id.example",),
        pause=0.0,
        logout=None,
        changes=False,
        max_sign_ins=3,
    )
    assert (made.target, made.account) == ("https://other.example", Account("bob", Secret("known")))
    assert made.hosts == {"sso.example", "id.example"}
    assert (made.pause, made.logout, made.max_sign_ins, made.changes) == (0.0, "/out", 3, True)


def test_nobody_is_asked_for_a_password_before_the_rest_is_right() -> None:
    def never(*_: object, **__: object) -> Secret:
        raise AssertionError("asked")

    for target, user in (("", "ann"), ("https://app.example", ""), ("app.example", "ann"), ("https://[x", "ann")):
        with pytest.raises(WrongProfile):
            make_profile(target, user, ask=never)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("target = ", "is no TOML"),
        ("target = 5", "`target` is 5; write a text"),
        ('goal = "x"', "`goal` is no key; above the tables there is only target"),
        ("[account]\nuser = 'x'", "`user` under [account] is no key; there are name, password_env, password_fd"),
        ("[account]\npassword = 'x'", "would be read by everybody"),
        ("[admin]\npassword_env = 'x'", "`name` under [admin] is missing"),
        ("[logins]\nurl = 'x'", "[logins] is no table of a profile; there are [account], [admin], [login]"),
        ("[login]\nbrowser = 'yes'", "`browser` under [login] is 'yes'; write `true` or `false`"),
        ("[login]\nlink = 'yes'", "`link` under [login] is no key; there are url, browser, bearer, steps"),
        ("[signed_in]\nurls = '/me'", "`urls` under [signed_in] is '/me'; write a list of texts"),
        ("[signed_in]\nurls = [1]", "write a list of texts"),
        ("[manners]\nmax_sign_ins = 2.5", "write a whole number"),
        ("[manners]\nmax_sign_ins = true", "write a whole number"),
        ("[manners]\npause = '2s'", "write a number of seconds"),
        ("[login]\nsteps = {url = '/'}", "write [[login.steps]] above each"),
        ("[[login.steps]]\nurl = '/'", "no step under [[login.steps]] sends the password"),
        ("[[login.steps]]\nfields = {a = '{password}'}", "`url` under the first [[login.steps]] is missing"),
        ("[[login.steps]]\nurl = '/'\nfields = {a = 1}", "write a table of texts"),
        (
            "[[login.steps]]\nurl = '/'\nfields = {a = '{password}'}\n[[login.steps]]\njson = true",
            "`url` under [[login.steps]] number 2 is missing",
        ),
        (
            "[[login.steps]]\nurl = '/'\nfields = {a = '{password}'}\nkeep = {t = 'x'}",
            "`keep` under [[login.steps]] number 1 is of use with `json = true` only",
        ),
    ],
)
def test_what_is_wrong_is_told_with_the_key_and_what_to_write(text: str, said: str) -> None:
    with pytest.raises(WrongProfile) as told:
        parse_profile(text, "audit.toml")
    assert str(told.value).startswith("audit.toml")
    assert said in str(told.value)


def test_wrong_values_of_right_kinds_are_told_as_well() -> None:
    for table in ("[logout]\nmethod = 'BREW'", "[manners]\npause = -1", "[network]\nanswer_time = 0"):
        with pytest.raises(WrongProfile):
            make_profile("https://app.example", "ann", Secret("x"), file=parse_profile(table))


def test_a_file_that_cannot_be_read_is_told_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(WrongProfile, match=r"none\.toml cannot be read: No such file"):
        read_profile(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b"target = '\xe9'")
    with pytest.raises(WrongProfile, match=r"latin\.toml cannot be read: it is not UTF-8"):
        read_profile(tmp_path / "latin.toml")


def test_what_the_documentation_writes_is_a_profile() -> None:
    blocks = [each for each in Page(DOCS / "reference" / "probe-profile.md").blocks if each.language == "toml"]
    assert len(blocks) == 3
    for block in blocks:
        file = parse_profile(block.code)
        assert make_profile("https://app.example", "ann", file=file, ask=asked, look_up=lambda _: KEY).steps
