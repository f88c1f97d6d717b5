"""Views of the test site: pages that show who is signed in, and ways of signing in that are not Django's own."""

from collections.abc import Callable
from contextvars import Context
from datetime import datetime

from django.contrib.auth import aauthenticate, alogin, alogout, authenticate, login, logout
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import cache_page
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.vary import vary_on_cookie

from sojourn.contrib.django.reauthentication import reauthenticated


def whoami(request: HttpRequest) -> HttpResponse:
    """A public page that says who is signed in, and what the session remembers."""
    name = request.user.get_username() if request.user.is_authenticated else ""
    return JsonResponse({"user": name, "data": request.session.get("data"), "cart": request.session.get("cart")})


def plain(request: HttpRequest) -> HttpResponse:
    """A page that looks at nothing."""
    return HttpResponse("plain")


def data(request: HttpRequest) -> HttpResponse:
    """A page that shows what the session remembers, and never asks who it is."""
    return HttpResponse(f"data: {request.session.get('data')}")


async def async_whoami(request: HttpRequest) -> HttpResponse:
    """Says who is signed in, the way asynchronous views ask."""
    user = await request.auser()
    return JsonResponse({"user": user.get_username()})


@login_required
def private(request: HttpRequest) -> HttpResponse:
    """A page for signed-in people."""
    return HttpResponse(f"private to {request.user.get_username()}")


@cache_page(600)
@vary_on_cookie
def cached(request: HttpRequest) -> HttpResponse:
    """A private page that Django's cache keeps, apart for each cookie."""
    return HttpResponse(f"cached for {request.user.get_username()}")


interludes: list[Callable[[], object]] = []
"""What happens while `slow` is under way."""


def slow(request: HttpRequest) -> HttpResponse:
    """A view that takes its time: it has loaded its session, and keeps something in it at the end."""
    name, before = request.user.get_username(), request.session.get("data")
    while interludes:
        Context().run(interludes.pop())  # as another worker would, knowing nothing of this request
    request.session["data"] = f"{before}, slowly"
    return HttpResponse(f"slow for {name}")


def remember(request: HttpRequest) -> HttpResponse:
    """Keeps something in the session, signed in or not."""
    key = "data" if request.user.is_authenticated else "cart"
    request.session[key] = request.POST.get("value", request.GET.get("value", "kept"))
    return HttpResponse("kept")


def _credentials(request: HttpRequest) -> dict[str, str]:
    return {"username": request.POST["username"], "password": request.POST["password"]}


@csrf_exempt
def custom_login(request: HttpRequest) -> HttpResponse:
    """A custom view that calls `login()`."""
    user = authenticate(request, **_credentials(request))
    if user is None:
        return HttpResponse("wrong", status=403)
    login(request, user)
    return HttpResponse("welcome")


@csrf_exempt
def swallowing_login(request: HttpRequest) -> HttpResponse:
    """A login inside `try`, by somebody who expects the worst and goes on."""
    user = authenticate(request, **_credentials(request))
    try:
        login(request, user)
    except Exception:
        return HttpResponse("it went wrong, but never mind")
    return HttpResponse("welcome")


@csrf_exempt
def atomic_login(request: HttpRequest) -> HttpResponse:
    """A login inside a transaction of the view's own; `fail` takes it back afterwards, without an error."""
    user = authenticate(request, **_credentials(request))
    with transaction.atomic():
        login(request, user)
        if "fail" in request.POST:
            transaction.set_rollback(True)
    return HttpResponse("welcome")


@csrf_exempt
async def async_login(request: HttpRequest) -> HttpResponse:
    """A custom view that calls `alogin()`."""
    user = await aauthenticate(request, **_credentials(request))
    await alogin(request, user)
    user = await request.auser()
    return HttpResponse(f"welcome {user.get_username()}")


@csrf_exempt
def remembering_login(request: HttpRequest) -> HttpResponse:
    """A login that lasts for so many seconds (`expiry` is set before it, `later` after it), or `until` a moment."""
    user = authenticate(request, **_credentials(request))
    if "until" in request.POST:
        request.session.set_expiry(datetime.fromisoformat(request.POST["until"]))
    if "expiry" in request.POST:
        request.session.set_expiry(int(request.POST["expiry"]))
    login(request, user)
    if "later" in request.POST:
        request.session.set_expiry(int(request.POST["later"]))
    return HttpResponse("welcome")


@csrf_exempt
def double_login(request: HttpRequest) -> HttpResponse:
    """Signs users in one after the other, such as after a registration that did it already."""
    for username in request.POST.getlist("usernames"):
        login(request, authenticate(request, username=username, password=request.POST["password"]))
    return HttpResponse("welcome")


@csrf_exempt
def fleeting_login(request: HttpRequest) -> HttpResponse:
    """Thinks better of it within the same request."""
    login(request, authenticate(request, **_credentials(request)))
    logout(request)
    return HttpResponse("bye")


@csrf_exempt
def crashing_login(request: HttpRequest) -> HttpResponse:
    """A view that fails after `login()`."""
    user = authenticate(request, **_credentials(request))
    login(request, user)
    raise RuntimeError("after login")


@csrf_exempt
def failing_login(request: HttpRequest) -> HttpResponse:
    """A view that answers 500 by itself after `login()`."""
    login(request, authenticate(request, **_credentials(request)))
    return HttpResponse("sorry", status=500)


def crash(request: HttpRequest) -> HttpResponse:
    """A view that fails while somebody is signed in."""
    request.session["before"] = "the crash"
    raise RuntimeError("in a view")


@csrf_exempt
def function_logout(request: HttpRequest) -> HttpResponse:
    """A custom view that calls `logout()`."""
    logout(request)
    return HttpResponse("bye")


@csrf_exempt
def flushing_logout(request: HttpRequest) -> HttpResponse:
    """Somebody's own idea of signing out."""
    request.session.flush()
    return HttpResponse("bye")


@csrf_exempt
def crashing_logout(request: HttpRequest) -> HttpResponse:
    """A sign-out whose view fails afterwards."""
    logout(request)
    raise RuntimeError("after logout")


@csrf_exempt
async def async_logout(request: HttpRequest) -> HttpResponse:
    """A custom view that calls `alogout()`, and says who is left."""
    await alogout(request)
    user = await request.auser()
    return HttpResponse(f"bye {user.get_username()}")


@csrf_exempt
@login_required
def own_password(request: HttpRequest) -> HttpResponse:
    """A view that changes one's own password, and has never heard of `update_session_auth_hash`."""
    request.user.set_password(request.POST["password"])
    request.user.save()
    return HttpResponse("changed")


@csrf_exempt
def crashing_password(request: HttpRequest) -> HttpResponse:
    """A view that changes one's own password, and then fails."""
    request.user.set_password(request.POST["password"])
    request.user.save()
    raise RuntimeError("after the change")


@csrf_exempt
def prove(request: HttpRequest) -> HttpResponse:
    """A page of the site's own that has found out who it is, such as by a second factor."""
    return JsonResponse({"counts": reauthenticated(request)})
