"""One story that calls every method of session control, for the twins to tell alike."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from sojourn.control import AsyncSessionControl, Options
from sojourn.core.decisions import Decision
from sojourn.core.disowning import Question
from sojourn.core.outcomes import Admitted, ChoiceRequired
from sojourn.core.policy import Limit, Overflow, Policy
from sojourn.core.records import Arrival, Device, DeviceClass, EndReason
from sojourn.core.search import SessionQuery, Standing
from sojourn.core.timeouts import DAY, HOUR, MINUTE, Timeouts
from sojourn.core.wishes import reference
from sojourn.testing.clock import FakeClock
from sojourn.testing.scripted import ScriptedControl

POLICY = Policy((Limit(1, Overflow.ASK, exempt=frozenset({"staff"})),), Timeouts(HOUR, DAY))
OPTIONS = Options(retention=DAY, address_retention=HOUR, memory=DAY)

Call = tuple[str, tuple[Any, ...], dict[str, Any]]


class ScriptedAsyncControl(AsyncSessionControl):
    """The asynchronous twin of `ScriptedControl`, with the same identifiers."""

    _count = 0
    _next = ScriptedControl._next
    renew = ScriptedControl.renew
    mint = ScriptedControl.mint


def call(name: str, *args: Any, **kwargs: Any) -> Call:
    return name, args, kwargs


def story(clock: FakeClock) -> Generator[Call, Any, None]:
    """Yields the calls to make, and is sent what each came to (an error as a value)."""
    ann = Arrival("ann", credentials=("now",))
    first = yield call("start", ann)
    assert isinstance(first, Admitted)
    token = first.token
    yield call("authenticate", token)
    yield call("authenticate", "not a token")
    clock.advance(2 * MINUTE)
    yield call("authenticate", token, passive=True)
    yield call("authenticate", token)
    yield call("keep_up", replace(first.session, inactivity_timeout=None, expires=None), POLICY)
    clock.advance(2 * MINUTE)
    yield call("recognise", token, first.session)
    yield call("recognise", token, None)
    yield call("settle", first.session, Arrival("ann", persistent=True, carrier_expires=clock() + DAY))
    yield call("touch", first.session, clock() + HOUR)
    session, renewed = yield call("rotate", first.session, privileges="staff")
    yield call("authenticate", token)
    yield call("authenticate", renewed)
    yield call("elevate", session, acr="gold", amr=["otp"])
    yield call("carry_out", "ann", lambda roster: Decision(len(roster.sessions)))
    asked = yield call("start", ann, browser="browser", context={"next": "/"})
    assert isinstance(asked, ChoiceRequired)
    yield call("explain", ann)
    yield call("pending", asked.ticket, browser="browser")
    yield call("pending", asked.ticket, browser="another")
    yield call("pending", "sojt_no", browser="browser")
    yield call("choose", asked.ticket, [], browser="browser")
    second = yield call("choose", asked.ticket, [session.sid], browser="browser")
    assert isinstance(second, Admitted)
    yield call("choose", asked.ticket, [session.sid], browser="browser")
    yield call("authenticate", renewed)
    yield call("sessions", "ann")
    again = yield call("start", ann, browser="browser")
    assert isinstance(again, ChoiceRequired)
    yield call("abandon", again.ticket, browser="browser")
    yield call("abandon", again.ticket, browser="browser")
    yield call("credential_changed", "ann", ["new"], spare=second.session.sid)
    yield call("credential_changed", "ann", ["newer"])
    third = yield call("start", Arrival("ann"))
    assert isinstance(third, Admitted)
    yield call("end", "bob", [third.session.sid], EndReason.REVOKED)
    yield call("end", "ann", None, EndReason.LOGOUT, spare="nobody")
    yield call("rotate", third.session)
    yield call("settle", third.session, Arrival("ann"))
    yield call("elevate", third.session)
    yield call("start", Arrival("ann"))
    clock.advance(2 * HOUR)
    yield call("expire", "ann")
    yield call("start", Arrival("bob"))
    clock.advance(2 * DAY)
    yield call("sweep")
    yield call("purge")
    yield call("fade")
    yield call("start", Arrival(""))
    phone = Device(DeviceClass.PHONE, "Safari", "iOS", "device digest")
    for subject in ("ann", "bob", "cyd"):
        yield call("start", Arrival(subject, device=phone))
        clock.advance(1)
    named = yield call("start", Arrival("dan", device=phone))
    yield call("name_device", "dan", named.session.sid, "My phone")
    yield call("name_device", "dan", "no such session", "My phone")
    mine = reference("device digest")
    yield call("trust_device", "dan", mine)
    yield call("trust_device", "dan", "no such device", trusted=False)
    yield call("name_known_device", "dan", mine, "My old phone")
    yield call("name_known_device", "dan", "no such device", "")
    yield call("mute", "dan", ["evicted"])
    yield call("mute", "dan", ["new_device"])
    yield call("forget_device", "dan", mine)
    yield call("forget_device", "dan", mine)
    page = yield call("search", SessionQuery(device="saf", limit=2))
    yield call("search", SessionQuery(device="saf", limit=2, after=page.cursor))
    yield call("count", SessionQuery(standing=Standing.LIVE), 100)
    yield call("census")
    yield call("pause", "dan", by="")
    yield call("pause", "dan", by="root", note="a stolen phone", until=clock() + HOUR)
    yield call("start", Arrival("dan"))
    yield call("explain", Arrival("dan"))
    yield call("resume", "dan", by="root")
    yield call("resume", "dan", by="root")
    began = yield call("start", Arrival("eve", privileges="staff"))
    yield call("privileges_changed", "eve")
    yield call("note_privileges", began.session, "")
    yield call("note_privileges", began.session, "superuser")
    yield call("note_privileges", began.session, "superuser")
    old = yield call("start", Arrival("fay", device=phone, groups=frozenset({"staff"})))
    clock.advance(1)
    new = yield call("start", Arrival("fay", device=replace(phone, digest="another"), groups=frozenset({"staff"})))
    question = Question("event", clock(), new.session.sid)
    yield call("unanswered", old.session)
    yield call("confirm", new.session, old.session.sid)
    yield call("confirm", old.session, new.session.sid)
    yield call("unanswered", old.session)
    yield call("question", "fay", question)
    yield call("disown", old.session, new.session.sid)
    yield call("disown", old.session, new.session.sid)
    yield call("answer", "fay", question, everything=True)
    yield call("answer", "fay", question)
    yield call("question", "fay", replace(question, sid=""))
    clock.advance(1)
    yield call("end_all", by="root", note="a backup was restored", progress=print)
    yield call("census")
