"""A page that greets whoever is signed in, a page for anybody, and Django's own sign-in."""

from django.conf import settings
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def greet(request: HttpRequest) -> HttpResponse:
    """What nearly every page does: look who is signed in."""
    return HttpResponse(f"Hello, {request.user.get_username()}")


def empty(_: HttpRequest) -> HttpResponse:
    """Nothing but Django's own handling of a request."""
    return HttpResponse("Hello")


urlpatterns = [path("", greet), path("empty/", empty), path("login/", LoginView.as_view())]
if "sojourn.contrib.django" in settings.INSTALLED_APPS:
    urlpatterns.append(path("sessions/", include("sojourn.contrib.django.urls")))
