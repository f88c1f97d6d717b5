"""The addresses of the tests' site, and one that says who answers."""

import os

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.urls import path

from tests.django_site import urls


def here(request: HttpRequest) -> JsonResponse:
    """Which process this is, and which of PostgreSQL's serves it."""
    answer = {"process": os.getpid()}
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            answer["backend"] = cursor.fetchone()[0]
    return JsonResponse(answer)


urlpatterns = [*urls.urlpatterns, path("here/", here)]
