"""Nothing that people read is left in English: every text is marked, in the catalogue, and shown from there."""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail as outbox
from django.core.mail import EmailMultiAlternatives
from django.utils import translation
from django.utils.html import escape
from django.utils.translation.template import templatize

from sojourn.contrib.django.administration import matching
from sojourn.contrib.django.internal.closed import sink_disabled
from sojourn.contrib.django.notices.mail import MailSink
from sojourn.core.outbox import Failing
from sojourn.core.tokens import mint_sid
from sojourn.notify.sinks import Message
from tests.catalogue import GERMAN, ROOT, english_on, entries, said
from tests.django import told
from tests.django.administrators import session, text, url
from tests.django.browser import subject
from tests.django.test_pingpong import take_turns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.contrib.auth.models import User
    from pytest_django import Settings

FOR_PROGRAMMERS = {"checks", "management", "migrations", "operations", "demo"}
"""What is read in terminals is English, as all of Django's is; and the demonstration is a site in English."""
ERRORS_AND_SETTINGS = {
    "api.py",
    "api_devices.py",
    "channels.py",
    "database.py",
    "fields.py",
    "settings.py",
    "settings_knowing.py",
    "settings_telling.py",
}
"""Texts of errors, of problem details for programs, and of the reference."""
PERMISSIONS = {
    "Can pause sign-ins and let them go on",
    "Can end sessions",
    "Can end all sessions of everybody at once",
}
"""Django keeps the names of permissions in the database, its own as well, and shows them as they are there."""
FOR_OPERATORS = {
    "The mail server refused ",
    "'(an address, which is not shown)'",
    " (user, password and options are not shown)",
}
"""What `sojourn deliver` shows of a message that could not be sent."""
LOGS = {"debug", "info", "warning", "error", "exception"}
MARKS = {"_", "gettext", "gettext_lazy", "ngettext", "pgettext", "pgettext_lazy", "npgettext"}
_STRING = r"""(u?(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'))"""
_IN_TEMPLATE = re.compile(rf"\b(n?p?gettext|_)\({_STRING}(?:, {_STRING})?(?:, {_STRING})?")

Text = tuple[str | None, str]
"""The context, and the text in English; that for one, of those that have two."""


def modules() -> list[Path]:
    """The modules that may say something to people."""
    return [path for path in sorted(ROOT.rglob("*.py")) if not FOR_PROGRAMMERS & {*path.relative_to(ROOT).parts}]


def templates() -> list[Path]:
    """All templates but the demonstration's: of pages, and of mails in both their forms."""
    found = [path for kind in ("html", "txt") for path in sorted(ROOT.rglob(f"templates/**/*.{kind}"))]
    return [path for path in found if "demo" not in path.relative_to(ROOT).parts]


def marked() -> set[Text]:
    """Every text that is marked for translation."""
    return {text for path in modules() for text in _marked_in_module(path)} | {
        text for path in templates() for text in _marked_in_template(path)
    }


def _marked_in_module(path: Path) -> Iterator[Text]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and _name(node) in MARKS:
            texts = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
            yield (texts[0], texts[1]) if "p" in _name(node) else (None, texts[0])


def _name(call: ast.Call) -> str:
    return str(getattr(call.func, "id", getattr(call.func, "attr", "")))


def _marked_in_template(path: Path) -> Iterator[Text]:
    for kind, *texts in _IN_TEMPLATE.findall(templatize(path.read_text(encoding="utf-8"))):
        strings = [ast.literal_eval(each) for each in texts if each]
        yield (strings[0], strings[1]) if "p" in kind else (None, strings[0])


def test_every_marked_text_is_translated_and_nothing_else() -> None:
    known = {(entry.context, entry.english[0]) for entry in entries()}
    assert marked() - known == set(), "run django-admin makemessages, and translate"
    assert known - marked() == set()
    for entry in entries():
        assert not entry.fuzzy, entry
        assert len(entry.german) == len(entry.english), entry
        assert all(entry.german), entry


def test_a_translation_has_the_placeholders_of_its_text() -> None:
    for entry in entries():
        for english, german in zip(entry.english, entry.german, strict=True):
            found = [set(re.findall(r"%\(\w+\)[sd]|%%", each)) for each in (english, german)]
            assert found[0] == found[1], entry


def test_the_catalogue_was_compiled_after_it_was_written() -> None:
    with GERMAN.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for entry in entries():
        assert _shown(compiled, entry) == entry.german, "run make translations"


def test_nothing_of_djangos_own_is_shown_in_its_place() -> None:
    """Of a text that two applications have, the first one's translation holds: ours need a context then."""
    with translation.override("de"):
        for entry in entries():
            assert _shown(translation, entry) == entry.german, "give it a context"


def _shown(source: Any, entry: Any) -> list[str]:
    if len(entry.english) == 2:
        assert entry.context is None
        return [source.ngettext(*entry.english, number) for number in (1, 2)]
    if entry.context is not None:
        return [source.pgettext(entry.context, entry.english[0])]
    return [source.gettext(entry.english[0])]


@pytest.mark.parametrize("path", templates(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_template_says_nothing_that_is_not_marked(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    for kind in ("comment", "blocktranslate"):
        source = re.sub(rf"{{%\s*{kind}\b.*?end{kind}\s*%}}", "", source, flags=re.DOTALL)
    for block in ("bodyclass",):  # class names
        source = re.sub(rf"{{% block {block} %}}.*?{{% endblock %}}", "", source, flags=re.DOTALL)
    source = re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}|<style>.*?</style>", "", source, flags=re.DOTALL)
    attributes = re.findall(r'\b(?:alt|aria-label|placeholder|title|data-label|data-before)="([^"]*)"', source)
    for words in [*attributes, re.sub(r"&\w+;|<[^>]*>", " ", source)]:
        assert re.search(r"[^\W\d_]{2}", words) is None, words.strip()


@pytest.mark.parametrize(
    "path",
    [path for path in modules() if path.name not in ERRORS_AND_SETTINGS],
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_a_module_says_nothing_that_is_not_marked(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    apart: set[int] = set()
    for node in ast.walk(tree):
        if (
            (isinstance(node, ast.Call) and _name(node) in MARKS | LOGS)
            or isinstance(node, ast.Raise)
            or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))  # a docstring
        ):
            apart |= {id(each) for each in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in apart:
            # Two words with nothing but a space between them: a sentence, or a part of one.
            words = re.search(r"[A-Za-z]{2,} [A-Za-z]{2,}", re.sub(r"<[^>]*>", "", node.value))
            assert words is None or node.value in PERMISSIONS | FOR_OPERATORS, (
                f"{path.name}:{node.lineno}: {node.value}"
            )


def test_numbers_in_forms_and_drawings_are_not_written_as_for_people(
    settings: Settings, ada: User, first: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.USE_THOUSAND_SEPARATOR = True
    settings.LANGUAGE_CODE = "de"
    settings.SOJOURN = {"LIMITS": [{"max_sessions": 5000}]}
    monkeypatch.setattr(matching, "STEP", 0.0)
    monkeypatch.setattr(matching, "_BATCH", 1)
    first.sign_in()
    assert ' max="5000"' in first.get("/sessions/").content.decode()
    for _ in range(2):
        session(ada, family="Safari")
    clock.advance(1)
    there = url("end_matching") + "?device=safari"
    as_of = first.get(there).context["form"]["as_of"].value()
    page = first.post(there, {"confirmed": "1", "note": "Übung", "as_of": as_of})
    assert page.status_code == 200
    while "data-sojourn-go-on" in page.content.decode():
        names = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.content.decode())
        assert dict(names)["as_of"] == str(as_of)
        assert list(english_on(page.content.decode())) == []
        page = first.post(there, dict(names), follow=True)
    assert "2 Sitzungen wurden beendet." in text(page)


@pytest.mark.parametrize("then", ["refuse", "ask"])
def test_who_is_stopped_for_ping_pong_is_told_so_in_german(
    settings: Settings, sojourn: Any, first: Any, second: Any, clock: Any, then: str
) -> None:
    settings.LANGUAGE_CODE = "de"
    sojourn(LIMITS=[{"max_sessions": 1, "overflow": "end_existing"}], PING_PONG={"then": then})
    *_, stopped = take_turns(first, second, clock, times=4)
    page = (stopped if then == "refuse" else second.get("/sessions/choose/")).content.decode()
    assert "das Gerät „Firefox unter Windows“ beenden immer wieder gegenseitig ihre Sitzungen" in page
    assert list(english_on(page)) == []


NOTICES = {kind: ["mail"] for kind in ("second_session", "evicted", "refused", "repeated", "disowned")}
CASES = [
    "a new device",
    "a new place",
    "a new device and place",
    "far away",
    "a second session",
    "made room",
    "refused",
    "refused often",
    "quarrel",
    "disowned",
    "several",
]


def mails() -> dict[str, list[Mapping[str, object]]]:
    """Events that are told together; of each title, remark and number that a mail can have, there is one."""
    newcomer = mint_sid(7)
    before = {"at": told.AT - 60_000, "place": "Oslo", "device": "Firefox on Windows"}
    return {
        "a new device": [told.started(also_open=("a",))],
        "a new place": [told.started(unusual=("new_place",), previous=before)],
        "a new device and place": [told.started(unusual=("new_device", "new_place"), previous={"at": told.AT - 1})],
        "far away": [told.started(unusual=("new_device", "new_place", "far"), previous=before)],
        "a second session": [told.started(unusual=(), also_open=("a", "b"))],
        "made room": [told.evicted(by=newcomer)],
        "refused": [told.refused()],
        "refused often": [told.refused(told.AT + number) for number in range(3)],
        "quarrel": [told.quarrel()],
        "disowned": [told.disowned()],
        "several": [told.evicted(by=newcomer), told.started(session=told.session(newcomer)), told.refused()],
    }


@pytest.mark.parametrize("site_url", ["https://app.example", ""], ids=["with links", "without"])
@pytest.mark.parametrize("case", CASES)
def test_a_mail_says_nothing_in_english(settings: Settings, sojourn: Any, ada: User, case: str, site_url: str) -> None:
    settings.LANGUAGE_CODE = "de"
    sojourn(SITE_URL=site_url, NOTICES=NOTICES)
    events = mails()[case]
    assert MailSink().deliver(Message(str(events[0]["id"]), subject(), events))
    (mail,) = outbox.outbox
    assert isinstance(mail, EmailMultiAlternatives)
    (page,) = [str(part[0]) for part in mail.alternatives]
    assert said(page)[0] == "de"
    for shown in (page, _as_page(mail.subject), _as_page(str(mail.body))):
        assert list(english_on(shown)) == []
    assert "15. Januar 2027" in mail.body


def _as_page(text: str) -> str:
    """Plain text for the reader of pages, without addresses."""
    return "".join(f"<p>{escape(line)}</p>" for line in re.sub(r"https://\S+", "", text).splitlines())


def test_administrators_read_in_german_that_nothing_is_sent(settings: Settings) -> None:
    settings.LANGUAGE_CODE = "de"
    settings.ADMINS = [("Root", "root@app.example")]
    sink_disabled("webhook", Failing(since=told.AT, error="HTTP 410"))
    (mail,) = outbox.outbox
    assert "An webhook wird nichts mehr gesendet" in mail.subject
    assert list(english_on(_as_page(f"{mail.subject}\n{mail.body}"))) == []
    assert "deliver --enable webhook" in mail.body
