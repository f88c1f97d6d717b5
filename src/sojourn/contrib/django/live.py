"""Live sign-out: what an open page asks in order to notice that its session is over, and sign-ins elsewhere.

One address, which is never activity. A page asks it every few seconds, or, where the server is asynchronous, keeps it
open as a stream that says no more than "ask now". So what is told is told in one place, by the middleware and here.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_not_required
from django.core.handlers.asgi import ASGIRequest
from django.db import connections
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from django.urls import NoReverseMatch, reverse
from django.utils import formats
from django.utils.decorators import method_decorator
from django.utils.timezone import localtime
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.generic import View

from sojourn.contrib.django.internal import answers
from sojourn.contrib.django.internal.elsewhere import elsewhere
from sojourn.contrib.django.internal.watching import Sight, Watch, sight, watcher
from sojourn.contrib.django.internal.wiring import control, now
from sojourn.contrib.django.presentation import Names, device_name, moment
from sojourn.contrib.django.settings import current
from sojourn.contrib.django.timeout import account, live_session
from sojourn.core.disowning import names_before
from sojourn.core.records import Session
from sojourn.web.problems import not_signed_in_problem

BEAT = 10
"""After so many seconds without news a stream says that it is there, so that a silent one is known to be dead."""
LIFETIME = 300
"""Seconds after which a stream ends by itself, for its page to open another: no connection is for ever."""

STREAM = "text/event-stream"


def mode(request: HttpRequest) -> str:
    """How the pages of this server hear of news: "stream", "poll", or "off"."""
    wanted = current().LIVE
    return wanted if wanted != "auto" else "stream" if isinstance(request, ASGIRequest) else "poll"


def asked_about(mine: Session) -> list[dict[str, str]]:
    """The sign-ins elsewhere that a page of the session `mine` is to ask about. One read. Raises StoreError."""
    roster = control().store.roster(mine.subject)
    names = names_before(roster.profile, mine)
    return [_item(session, names) for session in elsewhere(roster, mine, now())]


def _item(session: Session, names: Names) -> dict[str, str]:
    """What is said of one, in the reader's language and time zone, and where the answers go."""
    started = localtime(moment(session.created))
    when = f"{formats.date_format(started, 'DATETIME_FORMAT')} {started.tzname()}"
    place = session.place or pgettext("session", "Unknown place")
    return {
        "sid": session.sid,
        "name": device_name(session.device, names),
        "about": f"{place} · {when}",
        "confirm_url": _address("sojourn:confirm", session),
        "disown_url": _address("sojourn:disown", session),
    }


def _address(name: str, session: Session) -> str:
    try:
        return reverse(name, args=[session.sid])
    except NoReverseMatch:  # the site has put together its own addresses, without this one
        return ""


@method_decorator([login_not_required, never_cache, csrf_protect], name="dispatch")
class LiveView(View):
    """Is the session of this browser still live? GET only, and never activity.

    200 with JSON: `account` and `sid`, whose session it is. With `?elsewhere` also the sign-ins to ask about, and a
    CSRF token for the answer. With `Accept: text/event-stream`, where the server is asynchronous: a stream of `beat`
    (it is there) and `ask` (there is news), which ends when the session does; 503 if too many are open, and then a
    page asks by itself. 401 and problem details when nobody is signed in; the middleware has answered already, with
    the reason, if this browser's session has just ended and it is no stream that is asked for.
    """

    http_method_names = ("get", "head")

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Say whether it is."""
        how, session = mode(request), live_session(request)
        if how == "off":
            raise Http404
        if session is None:
            return answers.problem(not_signed_in_problem())
        if how == "stream" and STREAM in request.headers.get("Accept", ""):
            return _stream(session)
        found: dict[str, Any] = {"account": account(session), "sid": session.sid}
        if "elsewhere" in request.GET:
            found["elsewhere"] = asked_about(session)
            found["csrf_token"] = get_token(request)
        return JsonResponse(found)


def _stream(session: Session) -> HttpResponseBase:
    if watcher.full(session.subject):
        return HttpResponse(status=503, headers={"Retry-After": str(LIFETIME)})
    response = StreamingHttpResponse(_news(session), content_type=STREAM)
    response.headers["X-Accel-Buffering"] = "no"  # nginx would keep it until it is long enough
    return response


async def _news(session: Session) -> AsyncIterator[str]:
    """What a page learns and when; the look-ups are the watcher's."""
    loop = asyncio.get_running_loop()
    # What was seen before the page asks for the first time, which it does at the first beat: no news is lost between.
    watch = Watch(session, await sync_to_async(_first_look)(session), loop)
    ends = loop.time() + LIFETIME
    try:
        if not watcher.join(watch):
            return
        yield _event("beat")
        while watch.seen.live and loop.time() < ends:
            try:
                await asyncio.wait_for(watch.news.wait(), BEAT)
            except TimeoutError:
                yield _event("beat")
            else:
                watch.news.clear()
                yield _event("ask")
    finally:
        watcher.leave(watch)


def _event(name: str) -> str:
    return f"event: {name}\ndata: 1\n\n"


def _first_look(session: Session) -> Sight:
    """Look, and then let go of what this request used: its connections would stay open for as long as the stream."""
    found = sight(session)
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()
    return found
