"""Your sessions as JSON, for applications in the browser: the same facts and the same rules as on the pages.

Whoever asks is known by the session cookie, and changes need Django's CSRF token. openapi.json describes it all.
"""

import json
import logging
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings as django_settings
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware, get_token
from django.urls import reverse
from django.utils.decorators import decorator_from_middleware, method_decorator
from django.utils.log import log_response
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables
from django.views.generic import View

from sojourn.contrib.django.internal import answers, notice
from sojourn.contrib.django.internal.names import names_of
from sojourn.contrib.django.internal.overview import find_own, overview
from sojourn.contrib.django.internal.wiring import control
from sojourn.contrib.django.notices.recipients import contact_of
from sojourn.contrib.django.reauthentication import Method, is_recent, verify_password, way_of
from sojourn.contrib.django.settings import current
from sojourn.core.records import NAME_MAX, EndReason, Session, clean_text
from sojourn.web import problems
from sojourn.web.problems import instant
from sojourn.web.sessions import devices_json, ended_json, limit_json, open_json

SIDS_MAX = 100
"""How many sessions can be ended by one request."""
PASSWORD_MAX = 4096


class _CsrfCheck(CsrfViewMiddleware):
    """Django's own check, answered with problem details."""

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:
        header = django_settings.CSRF_HEADER_NAME.removeprefix("HTTP_").replace("_", "-")
        response = answers.problem(problems.csrf_problem(header))
        log_response(
            "Forbidden (%s): %s",
            reason,
            request.path,
            response=response,
            request=request,
            logger=logging.getLogger("django.security.csrf"),
        )
        return response


class Stopped(Exception):
    """The request goes no further; what to answer."""

    def __init__(self, body: dict[str, object]) -> None:
        super().__init__(body["title"])
        self.body = body


@method_decorator([login_not_required, never_cache, csrf_exempt], name="dispatch")
class ApiView(View):
    """What all requests share: who asks, whether a page of this site asks, and problems as their answers."""

    session: Session

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Go on with the live session; 401 for anybody else, before anything is looked at."""
        session: Session | None = getattr(request, "sojourn", None)
        if session is None or not request.user.is_authenticated:
            return answers.problem(problems.not_signed_in_problem())
        self.session = session
        return self._checked(request, *args, **kwargs)

    @method_decorator(decorator_from_middleware(_CsrfCheck))
    def _checked(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return super().dispatch(request, *args, **kwargs)
        except Stopped as stop:
            return answers.problem(stop.body)

    def http_method_not_allowed(self, *_: Any, **__: Any) -> HttpResponse:
        """405, and which methods there are."""
        allowed = ", ".join(name.upper() for name in self.http_method_names if hasattr(self, name))
        response = answers.problem(problems.method_problem(allowed))
        response.headers["Allow"] = allowed
        return response

    def prove(self) -> None:
        """Stop a user who proved who they are too long ago (ASVS 7.5.2)."""
        if not is_recent(self.session):
            raise Stopped(_reauthentication_problem(self.request))

    def own_sid(self, request: HttpRequest) -> str:
        """The `sid` that was sent; a session of the user's own."""
        sid = body_of(request, "sid")["sid"]
        if not isinstance(sid, str) or find_own(self.session, sid) is None:
            raise Stopped(problems.not_found_problem())
        return sid

    def ended(self, found: Sequence[Session]) -> HttpResponse:
        """The sessions that this request has ended, by this session."""
        mine, names = self.session, names_of(self.session.subject)
        return JsonResponse({"ended": [ended_json(each, _by(each, mine), names, mine.sid) for each in found]})


def _by(session: Session, mine: Session) -> Session | None:
    return mine if session.ended_by == mine.sid else None


class ListView(ApiView):
    """What is open, what ended lately, and how much of each limit is in use."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """List it all."""
        found = overview(request, self.session)
        names, sid = found.names, self.session.sid
        return JsonResponse(
            {
                "open": [open_json(each, names, sid) for each in found.open],
                "ended": [ended_json(each, found.enders.get(each.ended_by), names, sid) for each in found.ended],
                "unanswered": list(found.unanswered),
                "limits": [limit_json(each) for each in found.limits],
                "devices": devices_json(found.profile, self.session.device.digest),
                "previous_sign_in": previous_json(notice.previous(request)),
                "muted": sorted(found.profile.muted),
                "reauthentication": reauthentication_json(request, self.session),
                "csrf_token": get_token(request),
            }
        )


class EndView(ApiView):
    """Ends some of one's own sessions."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """End them all in one step, or none if one of them is not the user's own."""
        sids = body_of(request, "sids")["sids"]
        if not isinstance(sids, list) or not 0 < len(sids) <= SIDS_MAX:
            raise Stopped(problems.invalid_request_problem(f"A list of 1 to {SIDS_MAX} sids is needed.", "/sids"))
        if not all(isinstance(sid, str) and find_own(self.session, sid) for sid in sids):
            raise Stopped(problems.not_found_problem())
        self.prove()
        mine = self.session
        return self.ended(control().end(mine.subject, sids, EndReason.REVOKED, by=mine.sid))


class EndOthersView(ApiView):
    """Ends all of one's own sessions but this one."""

    def post(self, _: HttpRequest) -> HttpResponse:
        """End them in one step."""
        self.prove()
        mine = self.session
        return self.ended(control().end(mine.subject, None, EndReason.REVOKED, by=mine.sid, spare=mine.sid))


class NameView(ApiView):
    """Names the device of one of one's own sessions."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Name it; an empty name takes the name away."""
        body = body_of(request, "sid", "name")
        sid, name = body["sid"], body["name"]
        if not isinstance(name, str) or len(name) > NAME_MAX:
            detail = f"A text of at most {NAME_MAX} characters is needed."
            raise Stopped(problems.invalid_request_problem(detail, "/name"))
        target = find_own(self.session, sid) if isinstance(sid, str) else None
        if target is None:
            raise Stopped(problems.not_found_problem())
        if not control().name_device(target.subject, target.sid, clean_text(name)):
            raise Stopped(problems.not_nameable_problem())
        return JsonResponse({"session": open_json(target, names_of(target.subject), self.session.sid)})


class ConfirmView(ApiView):
    """Takes the answer "it was me" about a session that began after this one."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Note it: nobody asks about that session any more."""
        sid = self.own_sid(request)
        if not control().confirm(self.session, sid):
            raise Stopped(problems.not_answerable_problem())
        return JsonResponse({"outcome": "confirmed", "sid": sid})


class DisownView(ApiView):
    """Takes the answer "it was not me" about a session that began after this one."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """End it, and what else has begun since on its device; no proof is asked for."""
        ended = control().disown(self.session, self.own_sid(request), contact=contact_of(request.user))
        if not ended:
            raise Stopped(problems.not_answerable_problem())
        return self.ended(ended)


class ReauthenticateView(ApiView):
    """Takes the password once more, where that is how it is done here."""

    @method_decorator(sensitive_variables("password"))
    def post(self, request: HttpRequest) -> HttpResponse:
        """Check it."""
        if way_of(request, _page()).method is not Method.PASSWORD:
            raise Stopped(_reauthentication_problem(request))
        password = body_of(request, "password")["password"]
        if not isinstance(password, str) or not 0 < len(password) <= PASSWORD_MAX or not _is_storable(password):
            raise Stopped(problems.invalid_request_problem("A password is needed.", "/password"))
        if not verify_password(request, password):
            raise Stopped(problems.wrong_password_problem())
        recent: Session = request.sojourn  # type: ignore[attr-defined]  # the session as it is now
        return JsonResponse(reauthentication_json(request, recent))


class SignOutView(ApiView):
    """Signs out."""

    signs_out = True

    def post(self, request: HttpRequest) -> HttpResponse:
        """Sign out, and say so (NIST SP 800-53 AC-12(2))."""
        logout(request)
        return JsonResponse({"outcome": "signed-out", "detail": gettext("You are signed out.")})


@method_decorator(login_not_required, name="dispatch")
class DescriptionView(View):
    """What all this looks like, for programs: an OpenAPI document with this site's addresses and names in it."""

    def get(self, _: HttpRequest) -> HttpResponse:
        """Give the document. It is the same for everybody, and tells nothing of anybody."""
        document = json.loads(description())
        document["servers"] = [{"url": reverse("sojourn:api").rstrip("/")}]
        schemes = document["components"]["securitySchemes"]
        schemes["session"]["name"] = django_settings.SESSION_COOKIE_NAME
        schemes["csrf"]["name"] = django_settings.CSRF_HEADER_NAME.removeprefix("HTTP_").replace("_", "-")
        return JsonResponse(document)


@cache
def description() -> str:
    """The OpenAPI document as it is shipped."""
    return (Path(__file__).parent / "openapi.json").read_text(encoding="utf-8")


def previous_json(previous: notice.Previous | None) -> dict[str, object] | None:
    """The sign-in before this session's, if one is known (NIST SP 800-53 AC-9)."""
    if previous is None:
        return None
    return {
        "at": instant(int(previous.at.timestamp() * 1000)),
        "device": previous.device,
        "place": previous.place,
        "address": previous.address,
        "refused_since": previous.refused,
    }


def reauthentication_required(request: HttpRequest) -> HttpResponse:
    """403: what a program is told that asks for more than its user has proved lately."""
    return answers.problem(_reauthentication_problem(request))


def reauthentication_json(request: HttpRequest, session: Session) -> dict[str, object]:
    """Whether the user proved lately who they are, and how they do it again."""
    method, url = _way(request)
    return {
        "recent": is_recent(session),
        "window": current().REAUTHENTICATION_WINDOW // 1000,
        "method": method,
        "url": url,
    }


def _reauthentication_problem(request: HttpRequest) -> dict[str, object]:
    return problems.reauthentication_problem(current().REAUTHENTICATION_WINDOW, *_way(request))


def _way(request: HttpRequest) -> tuple[str, str]:
    way = way_of(request, _page())
    return str(way.method), reverse("sojourn:api_reauthenticate") if way.method is Method.PASSWORD else way.url


def _page() -> str:
    return reverse("sojourn:sessions")


def body_of(request: HttpRequest, *names: str) -> dict[str, object]:
    """The JSON object that was sent; it has all of these fields and no other, whatever is in them."""
    if request.content_type != "application/json":
        raise Stopped(problems.media_type_problem())
    try:
        body = json.loads(request.body)
    except RequestDataTooBig:
        raise Stopped(problems.too_large_problem()) from None
    except (ValueError, RecursionError):  # brackets nested a thousand deep are no answer either
        raise Stopped(problems.invalid_request_problem("This is not JSON.")) from None
    if not isinstance(body, dict):
        raise Stopped(problems.invalid_request_problem("An object is needed."))
    for name in names:
        if name not in body:
            raise Stopped(problems.invalid_request_problem("This field is needed.", f"/{name}"))
    for name in body:
        if name not in names:
            raise Stopped(problems.invalid_request_problem("There is no such field.", f"/{_pointed(name)}"))
    return body


def _is_storable(text: str) -> bool:
    """Whether a text has a form in bytes, and no NUL: JSON can hold half a character."""
    return not any(c == "\x00" or "\ud800" <= c <= "\udfff" for c in text)


def _pointed(name: str) -> str:
    """A name as it stands in a JSON pointer (RFC 6901), cut to what helps to find it."""
    return clean_text(name, NAME_MAX).replace("~", "~0").replace("/", "~1")
