"""Views of the test site: pages that show who is signed in, and ways of signing in that are not Django's own."""

from django.contrib.auth import aauthenticate, alogin, authenticate, login
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt


def whoami(request: HttpRequest) -> HttpResponse:
    """A public page that says who is signed in, and what the session remembers."""
    name = request.user.get_username() if request.user.is_authenticated else ""
    return JsonResponse({"user": name, "data": request.session.get("data"), "cart": request.session.get("cart")})


def plain(request: HttpRequest) -> HttpResponse:
    """A page that looks at nothing."""
    return HttpResponse("plain")


@login_required
def private(request: HttpRequest) -> HttpResponse:
    """A page for signed-in people."""
    return HttpResponse(f"private to {request.user.get_username()}")


def remember(request: HttpRequest) -> HttpResponse:
    """Keeps something in the session, signed in or not."""
    key = "data" if request.user.is_authenticated else "cart"
    request.session[key] = request.POST.get("value", request.GET.get("value", "kept"))
    return HttpResponse("kept")


@csrf_exempt
def custom_login(request: HttpRequest) -> HttpResponse:
    """A custom view that calls `login()`."""
    user = authenticate(request, username=request.POST["username"], password=request.POST["password"])
    if user is None:
        return HttpResponse("wrong", status=403)
    login(request, user)
    return HttpResponse("welcome")


@csrf_exempt
def swallowing_login(request: HttpRequest) -> HttpResponse:
    """A login inside `try`, by somebody who expects the worst and goes on."""
    user = authenticate(request, username=request.POST["username"], password=request.POST["password"])
    try:
        login(request, user)
    except Exception:
        return HttpResponse("it went wrong, but never mind")
    return HttpResponse("welcome")


@csrf_exempt
async def async_login(request: HttpRequest) -> HttpResponse:
    """A custom view that calls `alogin()`."""
    user = await aauthenticate(request, username=request.POST["username"], password=request.POST["password"])
    await alogin(request, user)
    return HttpResponse("welcome")


@csrf_exempt
def crashing_login(request: HttpRequest) -> HttpResponse:
    """A view that fails after `login()`."""
    user = authenticate(request, username=request.POST["username"], password=request.POST["password"])
    login(request, user)
    raise RuntimeError("after login")
