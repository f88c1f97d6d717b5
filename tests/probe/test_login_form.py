"""The form to sign in with is found among others, filled as a person would, and never sent in an address."""

from __future__ import annotations

import pytest

from sojourn.probe.profiles.profile import Account
from sojourn.probe.profiles.secret import Secret
from sojourn.probe.signing.form import fill, login_form, name_form, why_not
from sojourn.probe.wire.exchange import Exchange
from sojourn.probe.wire.visitor import Page

ANN = Account("ann", Secret("pw"))
LOGIN = "<input name=u><input type=password name=p><button>Log in</button></form>"


def page(body: str) -> Page:
    return Page((Exchange("GET", "https://app.example/in/", (), "", 200, (), body, 1),))


def filled(body: str) -> dict[str, str]:
    form = login_form(page(body))
    assert form is not None
    return fill(form, ANN)


def test_of_several_forms_the_one_to_sign_in_with_is_taken() -> None:
    others = (
        "<form action=/search><input name=q></form>"
        "<form method=post action=/register><input name=u><input type=password name=a><button>Sign up</button></form>"
        "<form method=post action=/join><input type=password name=a><input type=password name=b></form>"
        "<form method=post action=/news><input type=email name=e><button>Subscribe</button></form>"
    )
    form = login_form(page(f"{others}<form method=post action=session>{LOGIN}"))
    assert form is not None
    assert form.url == "https://app.example/in/session"


@pytest.mark.parametrize(
    ("inside", "sent"),
    [
        ("<input type=hidden name=csrf value=1>", {"csrf": "1"}),
        ("<input type=checkbox name=remember_me checked>", {}),
        ("<input type=checkbox name=terms checked>", {"terms": "on"}),
        ("<input type=checkbox name=terms>", {}),
        ("<button name=do value=forgot>Forgot?</button><button name=do value=in>Log in</button>", {"do": "in"}),
        ("<select name=realm><option value=a>A<option value=b selected>B</select>", {"realm": "b"}),
    ],
)
def test_the_rest_of_the_form_goes_as_it_stands_and_nobody_is_remembered(inside: str, sent: dict[str, str]) -> None:
    assert filled(f"<form method=post>{inside}{LOGIN}") == {"u": "ann", "p": "pw", **sent}


@pytest.mark.parametrize(
    "fields",
    [
        "<input name=company><input name=x autocomplete=username><input type=PASSWORD name=p>",
        "<input name=company><label>User name <input name=x></label><input type=password name=p>",
        "<input name=x type=email><input name=p type=text autocomplete=current-password>",
        "<input name=x type=unheard-of><input name=p type=password>",
    ],
)
def test_the_name_goes_where_a_name_belongs(fields: str) -> None:
    sent = filled(f"<form method=post>{fields}<button>Log in</button></form>")
    assert (sent["x"], sent["p"]) == ("ann", "pw")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("<form method=get><input name=u><input type=password name=p></form>", "put the password into the address"),
        ("<input name=u><input type=password name=p><button>Log in</button>", "without scripts"),
        ("<div id=app></div><script src=app.js></script>", "without scripts"),
        ("<p>Hello", "has no form with a password"),
    ],
)
def test_where_nobody_can_sign_in_the_reason_is_told(body: str, why: str) -> None:
    assert login_form(page(body)) is None
    assert why in why_not(page(body))


def test_a_form_for_the_name_alone_is_taken_where_it_is_plain() -> None:
    assert name_form(page("<form method=post><input name=email type=email><button>Sign in</button></form>"))
    assert not name_form(page("<form method=post action=/news><input name=email><button>Subscribe</button></form>"))
    assert not name_form(page("<form method=post action=/forgot><input name=email><button>Sign in</button></form>"))
    assert not name_form(page("<form><input name=email><button>Sign in</button></form>"))


@pytest.mark.parametrize("says", ["Anmelden", "Se connecter", "Iniciar sesión", "ログイン", "Войти", "Zaloguj się"])
def test_a_sign_in_is_known_by_its_word_in_other_languages(says: str) -> None:
    assert name_form(page(f"<form method=post><input name=email><button>{says}</button></form>"))
