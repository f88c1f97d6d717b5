"""A mail server that hangs, refuses or breaks off delays no sign-in: a real site, a real server, real time."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from statistics import median

import pytest

from sojourn.contrib.django.notices.sending import TIMEOUT
from tests.browser.server import PASSWORD, Site, running_site
from tests.demo.visitor import Visitor
from tests.django.smtp import Post, post_office, silent_office

SIGN_INS = 5
OFFICES = {
    "hangs": silent_office,
    "refuses": lambda: post_office(at_recipient="550 No such user"),
    "not now": lambda: post_office(at_recipient="451 Try later"),
    "breaks off": lambda: post_office(hangs_up_after_message=True),
}


def sign_ins(site: Site) -> list[float]:
    """How many seconds each of some sign-ins took, every one on a new device, after one that is told to nobody."""
    user, taken = site.account("roomy"), []
    for _ in range(1 + SIGN_INS):
        visitor = Visitor(f"{site.url}/", csrf=("login/", "csrftoken"))
        visitor.get("login/")
        begun = time.monotonic()
        answer = visitor.sign_in(user, PASSWORD, at="login/")
        taken.append(time.monotonic() - begun)
        assert answer.status == 200
    assert len(site.open_sessions(user)) == 3
    return taken[1:]


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> list[float]:
    """How long sign-ins take on a site whose mails go nowhere."""
    with running_site(tmp_path_factory.mktemp("quiet")) as site:
        return sign_ins(site)


@pytest.mark.parametrize("office", OFFICES.values(), ids=OFFICES)
def test_no_sign_in_waits_for_the_mail_server(
    office: Callable[[], AbstractContextManager[Post]],
    usual: list[float],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with office() as post:
        monkeypatch.setenv("SOJOURN_TEST_SMTP", str(post.port))
        with running_site(tmp_path) as site:
            taken = sign_ins(site)
            tried = post.caller() if post.caller is not None else post.tried.wait(60)
    assert tried
    # A machine may be busy; whoever waited for a mail server would wait for as long as it is given for an answer.
    assert median(taken) - median(usual) < TIMEOUT / 4
    assert max(taken) - median(usual) < TIMEOUT
