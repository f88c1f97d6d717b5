"""Middleware that watches: whom the site takes each request for, and what its session holds."""

from collections.abc import Callable
from dataclasses import dataclass

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse


@dataclass(frozen=True, slots=True)
class Sighting:
    """One request as a view sees it: its path, the user's name ("" for nobody), and the session's keys."""

    path: str
    user: str
    keys: frozenset[str]


sightings: list[Sighting] = []


def witness(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Put at the end of MIDDLEWARE; empty `sightings` first."""

    def look(request: HttpRequest) -> HttpResponse:
        sightings.append(Sighting(request.path, request.user.get_username(), frozenset(request.session.keys())))
        return get_response(request)

    return look


def early(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Put between Django's AuthenticationMiddleware and Sojourn's, where nothing should be: it takes references to the
    user, has loaded the user when its query is `early=loaded`, and tells in headers whom they are in the end.
    """

    def look(request: HttpRequest) -> HttpResponse:
        reference, ask = request.user, request.auser
        if request.GET.get("early") == "loaded":
            reference.get_username()
            async_to_sync(ask)()
        response = get_response(request)
        response["X-Reference"] = reference.get_username()
        response["X-Auser"] = async_to_sync(ask)().get_username() + async_to_sync(request.auser)().get_username()
        return response

    return look
