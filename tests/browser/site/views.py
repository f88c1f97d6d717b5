"""Pages that people visit, written as sites write them; and one that the tests use to make accounts."""

from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import Group, User
from django.contrib.auth.views import LoginView
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from sojourn.contrib.django.adapter import adapter
from sojourn.contrib.django.database import DjangoDatabase
from sojourn.contrib.django.internal.wiring import control
from sojourn.contrib.django.notices.links import not_me_url
from sojourn.core.events import Event, SessionStarted, StartRefused, payload
from sojourn.core.timeouts import DAY
from sojourn.testing.populate import Crowd, populate

FORTNIGHT = 14 * 24 * 60 * 60


class RememberingLoginView(LoginView):
    """Django's own view with the box "remember me" as most sites add it: looked at once the sign-in is done."""

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Keep the session for a fortnight if that is wished, else until the browser closes."""
        response = super().form_valid(form)
        self.request.session.set_expiry(FORTNIGHT if self.request.POST.get("remember") else 0)
        return response


def home(request: HttpRequest) -> HttpResponse:
    """A public page that says who is signed in."""
    return render(request, "home.html")


@login_required
def report(request: HttpRequest) -> HttpResponse:
    """A private page that thinks of no cache."""
    return render(request, "report.html", {"query": request.META["QUERY_STRING"]})


@login_required
def quiet_report(request: HttpRequest) -> HttpResponse:
    """A private page that does not warn of timeouts."""
    return render(request, "quiet_report.html")


careful_report = never_cache(report)


@csrf_exempt
def account(request: HttpRequest) -> HttpResponse:
    """Make the account that the test asks for, if there is none, and hold it to a limit, by its group."""
    user, fresh = get_user_model().objects.get_or_create(username=request.POST["username"])
    if fresh:
        user.email = f"{user.username}@example.org"
        user.set_password(request.POST["password"])
        user.save()
    user.groups.set([Group.objects.get_or_create(name=request.POST["limit"])[0]])
    return HttpResponse("done")


NAMES = ["ada", "ben", "cleo", "dora", "emil", "fay", "gil", "hal", "ivy", "jon", "kit", "lea"]


@csrf_exempt
def crowd(request: HttpRequest) -> HttpResponse:
    """Make as many users as the test asks for, with sessions, and an administrator called `username`."""
    users, sessions, at = int(request.POST["users"]), int(request.POST["sessions"]), now().replace(microsecond=0)
    boss = User.objects.create_superuser(request.POST["username"], password=request.POST["password"])
    names = (f"{NAMES[number % len(NAMES)]}{number}" for number in range(users))
    User.objects.bulk_create(
        User(pk=boss.pk + 1 + number, username=name, email=f"{name}@example.org", date_joined=at)
        for number, name in enumerate(names)
    )
    made = Crowd(sessions=sessions, subjects=users, prefix="auth.user|", first=boss.pk + 1)
    populate(DjangoDatabase("default"), made, now=int(at.timestamp() * 1000))
    with connection.cursor() as cursor:  # the subject of a Django user ends with when they joined
        for table in ("sojourn_session", "sojourn_subject", "sojourn_event"):
            cursor.execute(f"UPDATE {table} SET subject = subject || %s", [f"|{int(at.timestamp())}"])
    return HttpResponse("done")


@csrf_exempt
def link(request: HttpRequest) -> HttpResponse:
    """The link in the message about the last sign-in of `username` or, for `kind` "refused", about one that was."""
    subject = adapter().subject(User.objects.get(username=request.POST["username"]))
    session = max(control().sessions(subject), key=lambda each: each.created)
    at = session.created - int(request.POST.get("days", "0")) * DAY
    started: Event = SessionStarted(subject=subject, at=at, session=session)
    refused = StartRefused(subject=subject, at=at, arrival={}, limit="one")
    url = not_me_url(payload(refused if request.POST["kind"] == "refused" else started))
    return HttpResponse(url)
