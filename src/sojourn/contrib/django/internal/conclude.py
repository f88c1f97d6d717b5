"""After the view: make the books agree with what the request has done, and give the answers still owed."""

from contextlib import suppress
from dataclasses import replace

from django.contrib.auth import HASH_SESSION_KEY
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import add_never_cache_headers
from django.utils.http import http_date

from sojourn.contrib.django.internal import answers, carrier, cookies, privileges
from sojourn.contrib.django.internal.passive import is_passive
from sojourn.contrib.django.internal.visit import Stop, Visit, visits_of
from sojourn.contrib.django.internal.wiring import control, now
from sojourn.contrib.django.settings import current
from sojourn.core.errors import StoreError
from sojourn.core.outcomes import Admitted
from sojourn.core.records import EndReason, Session
from sojourn.core.timeouts import touch_interval

NEVER_CACHE = "max-age=0, no-cache, no-store, must-revalidate, private"


def has_work(request: HttpRequest) -> bool:
    """Whether anything is left to do after the view. Looks at memory only."""
    return any(_has_work(visit) for visit in visits_of(request))


def _has_work(visit: Visit) -> bool:
    if visit.sign_in_seen or visit.stop is not None or visit.started is not None or visit.let_go or visit.lost:
        return True
    if visit.adopted:
        return True
    session = visit.session
    return (
        visit.record is not None
        and session is not None
        and (
            session.modified
            or carrier.moved_on(session)
            or session.session_key != visit.session_key
            or bool(visit.renewed_hash)
            or privileges.changed(visit)
            or carrier.user_key(session) is None
        )
    )


def conclude(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Settle what the request began, and end what it ended. Returns the response to send.

    A sign-in that was stopped is answered here, whatever the view made of it. If the store cannot be reached the
    answer is 503: a sign-out still clears the browser, and says that the server could not be told.
    """
    for visit in list(visits_of(request)):
        if visit.session is request.session:
            response = _conclude(request, response, visit)
        elif visit.session is not None and _has_work(visit):
            visit.swapped = True
            with carrier.carrying(request, visit.session):
                response = _conclude(request, response, visit)
    return response


def _conclude(request: HttpRequest, response: HttpResponseBase, visit: Visit) -> HttpResponseBase:
    try:
        if visit.stop is not None:
            response = _answer_stop(request, response, visit, visit.stop)
        elif visit.started is not None:
            response = _finish_start(request, response, visit, visit.started)
        elif visit.sign_in_seen:  # it failed by itself, such as a choice that came too late
            _leave_session_clean(request, visit)
        elif visit.lost:
            _lose(request, visit)
        elif visit.record is not None:
            response = _follow(request, response, visit, visit.record)
    except StoreError as error:
        response = _answer_without_store(request, visit, error)
    if visit.let_go:
        # Django's own middleware runs after this, and sets a new cookie if the view began another session. What pages
        # ask by themselves may be answered late, when their browser has the cookie of a newer sign-in already.
        if not is_passive(request):
            cookies.drop_session(response)
        add_never_cache_headers(response)
    if visit.sign_in_seen or visit.adopted:
        cookies.set_device(response, visit.device)
    return response


def _answer_without_store(request: HttpRequest, visit: Visit, error: StoreError) -> HttpResponseBase:
    """503. What the view did to a session that goes on is not saved with it, so a later try finds it as it was."""
    signing_in = visit.stop is not None or visit.sign_in_seen
    signed_out = not signing_in and carrier.read(request.session).user_key is None
    if signed_out:
        request.__dict__["sojourn"] = None  # so that the page is for nobody, as this browser is nobody's now
    response = answers.unavailable(request, error, browser_cleared=signed_out)
    if signing_in:
        carrier.let_go(request)
    elif signed_out:
        cookies.drop_session(response)
    return response


def keep_private(request: HttpRequest, response: HttpResponseBase) -> None:
    """Let no browser keep a page that was made for somebody signed in, unless the page itself says who may."""
    session: Session | None = request.__dict__.get("sojourn")
    if session is None or response.has_header("Cache-Control") or not current().NO_STORE:
        return
    if request.session.accessed:
        # What add_never_cache_headers() writes to a response that says nothing yet, without taking it apart first.
        response.headers["Cache-Control"] = NEVER_CACHE
        response.headers.setdefault("Expires", http_date())


def abort(request: HttpRequest) -> None:
    """The request failed without a response: a session that it began was never handed out, so it ends; so does one
    that it signed out of. Never raises in the place of what the request failed with.
    """
    with suppress(StoreError):  # then it lives until its time is over, known to nobody
        for visit in visits_of(request):
            if visit.started is not None:
                _abort_start(visit, visit.started.session)
            elif visit.record is not None and _is_empty(visit):
                control().end(visit.record.subject, [visit.record.sid], EndReason.LOGOUT)


def _is_empty(visit: Visit) -> bool:
    """Whether nobody is signed in any more to the session that came with the request."""
    return visit.session is not None and carrier.read(visit.session).user_key is None


def _abort_start(visit: Visit, session: Session) -> None:
    control().end(session.subject, [session.sid], EndReason.ABORTED)
    if visit.record is not None and visit.record.subject != session.subject and session.parent != visit.record.sid:
        # `login()` has deleted the session of the user before; where a transaction took that back, it is as well.
        control().end(visit.record.subject, [visit.record.sid], EndReason.SWITCHED)


def _answer_stop(request: HttpRequest, response: HttpResponseBase, visit: Visit, stop: Stop) -> HttpResponseBase:
    if not visit.answered:
        response = answers.to_stop(request, stop.outcome)
        visit.answered = True
    if stop.decision is not None:
        control().store.restore(stop.decision)
    if not stop.kept_session:
        if visit.started is not None:
            _abort_start(visit, visit.started.session)
        _leave_session_clean(request, visit)
    return response


def _lose(request: HttpRequest, visit: Visit) -> None:
    """A view has found the session over; in its transaction, which its answer may have rolled back."""
    if visit.ended is not None and visit.ended.end_reason is not None:
        control().end(visit.ended.subject, [visit.ended.sid], visit.ended.end_reason, by=visit.ended.ended_by)
    if visit.session_key is not None:
        request.session.delete(visit.session_key)


def _leave_session_clean(request: HttpRequest, visit: Visit) -> None:
    """What `login()` did to the session before it was stopped may have been rolled back since; see to both ways.

    The session the browser came with is gone if somebody was signed in to it (a failed switch signs out); a cart of
    an anonymous visitor goes on under a new key; and if nothing is left, the browser's cookies are left alone, since
    another tab may have signed in meanwhile.
    """
    if visit.record is not None:
        control().end(visit.record.subject, [visit.record.sid], EndReason.SWITCHED)
    session, before = request.session, visit.session_key
    left = set(session.keys()) - {"_session_expiry"}  # how long nothing is to last is nothing to keep
    if left and not visit.swapped:  # nobody would learn the new key of a swapped one
        session.cycle_key()
    else:
        session.flush()
        carrier.scrub(request)
    if before is not None and before != session.session_key:
        type(session)().delete(before)  # by another object: some engines forget their own content in this


def _finish_start(
    request: HttpRequest, response: HttpResponseBase, visit: Visit, started: Admitted
) -> HttpResponseBase:
    session, earlier = started.session, visit.record
    if response.status_code >= 500:
        _abort_start(visit, session)
        return response
    if earlier is not None and earlier.subject != session.subject and session.parent != earlier.sid:
        control().end(earlier.subject, [earlier.sid], EndReason.SWITCHED)
    if carrier.read(request.session).user_key is None:
        control().end(session.subject, [session.sid], EndReason.LOGOUT)
        return response
    _settle(request, visit, session)
    if cookies.read_ticket(request) is not None:
        cookies.drop_ticket(response)
    add_never_cache_headers(response)
    return response


def _settle(request: HttpRequest, visit: Visit, session: Session) -> None:
    """Views say how long a session may last after `login()`, so the record is fitted to it now."""
    arrival = visit.arrival
    if arrival is None or arrival.parent:
        return
    expiry = request.session.get("_session_expiry")
    persistent = expiry > 0 if isinstance(expiry, int) else arrival.persistent
    carrier_expires = carrier.expires(request.session, now())
    unmoved = abs(carrier_expires - (session.carrier_expires or 0)) < 1000
    if persistent != session.persistent or not unmoved:
        control().settle(session, replace(arrival, persistent=persistent, carrier_expires=carrier_expires))


def _follow(request: HttpRequest, response: HttpResponseBase, visit: Visit, record: Session) -> HttpResponseBase:
    """An ordinary request of a live session: was it signed out of, was its key renewed, did its end move?"""
    session = request.session
    if carrier.read(session).user_key is None:
        control().end(record.subject, [record.sid], EndReason.LOGOUT)
        return _signed_out(request, response)
    if response.status_code >= 500:
        return response  # Django saves no session with it, so the browser's must stay as it was
    if visit.renewed_hash and session.get(HASH_SESSION_KEY) != visit.renewed_hash:
        session[HASH_SESSION_KEY] = visit.renewed_hash
        if not visit.swapped:
            session.cycle_key()
    # In a signed cookie the key is made from the content, and may be the same within a second.
    if session.session_key != visit.session_key or visit.renewed_hash:
        rotated = control().rotate(record, privileges=visit.privileges)
        if rotated is not None:
            carrier.bind(session, rotated[1], visit.parent_token)
            record, visit.late = rotated[0], False
    elif privileges.changed(visit):
        record = privileges.renew(request, visit, record)
    if carrier.moved_on(session) and (visit.late or (not visit.swapped and privileges.outrun(record))):
        carrier.leave_to_successor(request)
        return response
    if carrier.moved_on(session) and not visit.passive:
        ends = carrier.expires(session, now())
        interval = current().TOUCH_INTERVAL or touch_interval(record.inactivity_timeout)
        if abs(ends - (record.carrier_expires or 0)) >= interval:
            control().touch(record, ends)
    return response


def _signed_out(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """A sign-out's response is not kept, and asks the browser to clear what pages stored (ASVS 14.3.1)."""
    add_never_cache_headers(response)
    wanted = ", ".join(f'"{name}"' for name in current().CLEAR_SITE_DATA)
    if wanted and request.is_secure():
        response.headers.setdefault("Clear-Site-Data", wanted)
    return response
