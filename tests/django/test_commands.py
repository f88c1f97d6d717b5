"""`manage.py sojourn`, as a timer runs it."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from sojourn.contrib.django.internal import wiring
from sojourn.core.records import Arrival
from sojourn.core.timeouts import DAY, MINUTE
from sojourn.testing.clock import FakeClock

pytestmark = pytest.mark.django_db


def purge() -> str:
    out = StringIO()
    call_command("sojourn", "purge", stdout=out)
    return out.getvalue()


def test_purge_ends_what_time_has_ended_and_later_forgets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock()
    monkeypatch.setattr(wiring, "clock", clock)
    wiring.control().start(Arrival("ann"))
    assert "0 sessions" in purge()
    (session,) = wiring.control().sessions("ann")

    clock.advance(31 * MINUTE)
    assert "1 sessions were past their time" in purge()
    (ended,) = wiring.control().store.history("ann", 9)
    assert (ended.sid, ended.end_reason) == (session.sid, "inactivity_timeout")

    clock.advance(31 * DAY)
    assert "forgotten" in purge()
    assert not wiring.control().store.history("ann", 9)


def test_a_sub_command_that_is_not_there_is_refused() -> None:
    with pytest.raises(CommandError):
        call_command("sojourn", "nonsense")
