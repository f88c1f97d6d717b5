"""The probe asks nobody who was not named, follows no link that acts, and tells what it could not put back."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from sojourn.probe.checks.passive_traffic import asked_for
from sojourn.probe.errors import NotRestored, OffLimits, Unreachable, WrongProfile
from sojourn.probe.examining import changing, disabling
from sojourn.probe.profiles.profile import Account, Profile
from sojourn.probe.profiles.secret import Secret
from sojourn.probe.reading.pages import forms
from sojourn.probe.signing.lockout import sign_of_lockout
from sojourn.probe.survey.crawling import only_leads
from sojourn.probe.wire.network import Network
from sojourn.probe.wire.visitor import Page, Visitor
from tests.probe.seen import answer, examined

ANN = Account("ann", Secret("a password"))


@pytest.mark.parametrize(
    ("target", "url", "allowed"),
    [
        ("https://app.example", "https://app.example/login", True),
        ("https://app.example", "https://APP.example:443/login", True),
        ("https://app.example", "http://app.example/login", True),
        ("https://app.example", "https://app.example:9200/", False),
        ("https://app.example", "https://app.example@evil.example/", False),
        ("https://app.example", "https://evil.example#@app.example/", False),
        ("https://app.example", "https://app.example\\@evil.example/", False),
        ("https://app.example", "https://app.example.evil.example/", False),
        ("https://app.example", "https://app.example./", False),
        ("https://app.example", "https://sub.app.example/", False),
        ("https://app.example", "//evil.example/", False),
        ("https://app.example", "https://[app.example", False),
        ("https://app.example", "https://app.example:port/", False),
        ("https://app.example", "ftp://app.example/", False),
        ("http://localhost:8000", "http://localhost:8000/", True),
        ("http://localhost:8000", "http://localhost/", False),
        ("http://localhost:8000", "http://localhost:5432/", False),
        ("http://[::1]:8000", "http://[0:0:0:0:0:0:0:1]:8001/", False),
        ("http://[::1]:8000", "http://[::1]:8000/", True),
        ("https://app.example", "https://sso.example:8443/", True),
    ],
)
def test_only_hosts_and_ports_that_were_named_are_asked(target: str, url: str, allowed: bool) -> None:
    assert Profile(target, ANN, hosts=frozenset({"sso.example"})).may_ask(url) is allowed


def test_the_address_without_tls_that_the_profile_names_is_asked_too() -> None:
    profile = Profile("https://localhost:8443", ANN, extra={"transport": {"http": "http://localhost:8080"}})
    assert [profile.may_ask(f"http://localhost:{port}/") for port in (8080, 8081)] == [True, False]


def test_a_target_with_a_password_in_it_is_refused() -> None:
    with pytest.raises(WrongProfile):
        Profile("https://:secret@app.example", ANN)


@pytest.mark.parametrize("times", [{"max_time": float("nan")}, {"answer_time": float("inf")}, {"pause": float("nan")}])
def test_times_that_would_bound_nothing_are_refused(times: dict[str, float]) -> None:
    with pytest.raises(WrongProfile):
        Profile("https://app.example", ANN, **times)  # type: ignore[arg-type]  # times only


@pytest.mark.parametrize("ca", ["there/is/no/such/file.pem", __file__])
def test_an_authority_that_is_none_is_told_as_wrong_use(ca: str) -> None:
    with pytest.raises(WrongProfile, match="certificate authority"):
        Network(Profile("https://app.example", ANN, ca=ca))


def test_what_is_said_of_an_address_never_holds_the_password_in_it() -> None:
    network = Network(Profile("https://app.example", ANN))
    with pytest.raises(OffLimits) as told:
        network.send("GET", "https://ann:secret@evil.example:81/x", headers={})
    assert "secret" not in str(told.value)
    assert "evil.example:81 is not named" in str(told.value)


def test_a_value_that_no_form_can_send_is_an_answer_and_no_crash() -> None:
    network = Network(Profile("https://app.example", ANN))
    with pytest.raises(Unreachable):
        network.send("POST", "https://app.example", headers={}, form={"a": "\ud800"})


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("/sessions/revoke?id=7", "Phone"),
        ("/devices/7/delete", "Phone"),
        ("/devices/7/disconnect", "Phone"),
        ("/x/7", "Delete my account"),
        ("/x/7", "✕ Remove"),
        ("/x/7", " [Revoke]"),
        ("/x?do=logout", "Bye"),
        ("/orders/7/approve", "OK"),
    ],
)
def test_a_link_that_sounds_as_if_it_did_something_is_not_followed(url: str, text: str) -> None:
    assert not only_leads(f"https://app.example{url}", text)


@pytest.mark.parametrize(("url", "text"), [("/help/access", "How to revoke access"), ("/sessions/", "Your devices")])
def test_one_that_leads_to_a_page_is(url: str, text: str) -> None:
    assert only_leads(f"https://app.example{url}", text)


@pytest.mark.parametrize("body", ["1" * 1_000_000, "too many " * 100_000, "try again in " + "1" * 1_000_000])
def test_no_page_keeps_busy_who_looks_for_signs_of_a_lockout(body: str) -> None:
    assert sign_of_lockout([Page((answer("https://app.example/", body=body),))]) == ""


def test_no_page_keeps_busy_who_looks_for_what_it_asks_for_by_itself() -> None:
    assert asked_for('"' + "poll" * 250_000) == []
    assert asked_for("fetch('/api/poll'); get(\"/state/1\")") == ["/api/poll", "/state/1"]


def test_of_a_form_with_fields_without_end_the_first_are_read() -> None:
    fields = "".join(f"<label><input id=i{number} name=n{number}>" for number in range(5_000))
    (form,) = forms(Page((answer("https://app.example/", body=f"<form>{fields}</form>"),)))
    assert 0 < len(form.fields) <= 300


FORM = "<form method=post><input type=password name=old><input type=password name=new></form>"


@pytest.mark.parametrize("fault", [RuntimeError, KeyboardInterrupt])
def test_a_password_that_is_not_put_back_is_told_whatever_kept_it(
    fault: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> bool:
        raise fault

    monkeypatch.setattr(changing, "_restored", breaks)
    page = Page((answer("https://app.example/password", body=FORM),))
    visitor = cast("Visitor", SimpleNamespace(get=lambda _: page))
    way = cast("Any", SimpleNamespace(url="/password", new=Secret("new"), send=lambda *_: page))
    with pytest.raises(NotRestored, match="IS NOT WHAT IT WAS"), changing.changed(examined(), way, visitor):
        pass


@pytest.mark.parametrize("fault", [RuntimeError, KeyboardInterrupt])
def test_an_account_that_stays_disabled_is_told_whatever_kept_it(fault: type[BaseException]) -> None:
    class Breaking:
        url = "https://app.example/admin/7"

        def set(self, _: object, *, enabled: bool) -> None:
            if enabled:
                raise fault

    switch = cast("Any", Breaking())
    undone = disabling.disabled(cast("Any", None), switch, examined())
    with pytest.raises(NotRestored, match="MAY BE DISABLED STILL"), undone:
        pass


def test_the_texts_of_answers_are_not_kept_for_the_whole_audit() -> None:
    network = Network(Profile("https://app.example", ANN))
    network.exchanges.append(answer("https://app.example/", ("Set-Cookie", "sid=1"), body="x" * 1_000))
    network.forget_bodies()
    (kept,) = network.exchanges
    assert (kept.body, [each.value for each in kept.set_cookies]) == ("", ["1"])
