"""A witness: the innermost middleware, which notes whom the site takes each request for, and what its session holds."""

from collections.abc import Callable
from dataclasses import dataclass

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
