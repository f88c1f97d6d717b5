"""The page on which somebody whose sign-in waits chooses which session to end. Nobody is signed in on it."""

import json
from typing import Any, TypeVar

from django.contrib.auth import load_backend, login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.generic import View

from sojourn.contrib.django.adapter import adapter
from sojourn.contrib.django.internal import answers, carrier, cookies
from sojourn.contrib.django.internal.names import names_of
from sojourn.contrib.django.internal.start import SignInStopped
from sojourn.contrib.django.internal.visit import Choice, visit_of
from sojourn.contrib.django.internal.wiring import control
from sojourn.contrib.django.presentation import SessionItem, moment
from sojourn.core.errors import InvalidTicket
from sojourn.core.outcomes import ChoiceRequired
from sojourn.core.records import Ticket
from sojourn.core.tokens import TicketSecret, parse_ticket
from sojourn.web.problems import admitted_json

R = TypeVar("R", bound=HttpResponse)


@method_decorator([login_not_required, never_cache, csrf_exempt], name="dispatch")
class ChooseView(View):
    """A sign-in at the limit: which session is to end? Until it is answered, nobody is signed in.

    JSON is not asked for a CSRF token, which an app without pages does not have: its ticket is one. No other site
    knows it, and it counts only for the device cookie it was given to.
    """

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Check forms for CSRF, as everywhere."""
        if request.content_type == "application/json":
            return super().dispatch(request, *args, **kwargs)
        return self._dispatch_form(request, *args, **kwargs)

    @method_decorator(csrf_protect)
    def _dispatch_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        """List the open sessions."""
        try:
            pending = self._pending(request, parse_ticket(cookies.read_ticket(request)))
        except InvalidTicket:
            return answers.choice_over(request)
        return self._page(request, pending)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Run the admission again, with the chosen sessions to end, and go on to where the user was going."""
        try:
            secret, chosen = _answer(request)
            pending = self._pending(request, secret)
            if request.POST.get("cancel"):
                control().abandon(secret, browser=visit_of(request).device.for_ticket())
                return _without_ticket(HttpResponseRedirect(answers.login_url()))
            if not chosen and self._outcome(pending) is not None:
                return self._page(request, pending, gettext("Choose a session to end."))
            return self._sign_in(request, secret, pending, chosen)
        except InvalidTicket:
            return answers.choice_over(request)

    def _pending(self, request: HttpRequest, secret: TicketSecret) -> Ticket:
        return control().pending(secret, browser=visit_of(request).device.for_ticket())

    def _sign_in(self, request: HttpRequest, secret: TicketSecret, pending: Ticket, chosen: list[str]) -> HttpResponse:
        visit, context = visit_of(request), pending.context
        backend = load_backend(context["backend"])
        user = backend.get_user(context["user"])
        if user is None or adapter().subject(user) != pending.subject:
            raise InvalidTicket
        if context["expiry"]:
            carrier.last(request.session, context["expiry"])
        visit.choice = Choice(secret, pending, chosen)
        try:
            login(request, user, backend=context["backend"])
        except SignInStopped:
            outcome = visit.stop.outcome if visit.stop is not None else None
            if isinstance(outcome, ChoiceRequired) and answers.reader(request) is answers.Reader.PERSON:
                visit.answered = True
                return self._page(request, pending, gettext("That left no room yet. Choose again."))
            raise
        if answers.reader(request) is not answers.Reader.PERSON and visit.started is not None:
            return _without_ticket(JsonResponse(admitted_json(visit.started, names_of(pending.subject)), status=201))
        wanted = context["next"]
        safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
        return _without_ticket(HttpResponseRedirect(wanted if safe else "/"))

    def _outcome(self, pending: Ticket) -> ChoiceRequired | None:
        """What the sign-in would come to now; None if there is room meanwhile, and nothing has to end."""
        outcome = control().explain(pending.arrival).outcome
        return outcome if isinstance(outcome, ChoiceRequired) else None

    def _page(self, request: HttpRequest, pending: Ticket, error: str | None = None) -> HttpResponse:
        outcome = self._outcome(pending)
        found = outcome.open if outcome is not None else control().sessions(pending.subject)
        names = names_of(pending.subject)
        context: dict[str, object] = {
            "open": [SessionItem.of(session, names) for session in found],
            "end_at_least": outcome.end_at_least if outcome is not None else 0,
            "expires_at": moment(pending.expires),
            "action_url": reverse("sojourn:choose"),
            "rivals": [SessionItem.of(session, names) for session in outcome.rivals] if outcome is not None else [],
            "error": error,
        }
        return answers.page(request, "choose", context, 409 if error else 200)


def _answer(request: HttpRequest) -> tuple[TicketSecret, list[str]]:
    """The ticket and the chosen sids, from a form or from JSON. Raises InvalidTicket for what is neither.

    The ticket is never a bare text in a caller's hands: an error page shows local variables.
    """
    if request.content_type != "application/json":
        return parse_ticket(cookies.read_ticket(request)), request.POST.getlist("end")[:1000]
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):  # brackets nested a thousand deep are no answer either
        raise InvalidTicket from None
    chosen = body.get("end") if isinstance(body, dict) else None
    if not isinstance(chosen, list) or not all(isinstance(sid, str) for sid in chosen):
        raise InvalidTicket
    return parse_ticket(body.get("ticket")), chosen[:1000]


def _without_ticket(response: R) -> R:
    cookies.drop_ticket(response)
    return response
