"""One contender in a process of its own: signs one user in, then sends as many requests as it is told to.

It says first what a request asks of the database. For each number that then comes in, the nanoseconds of as many
requests go out.
"""

from __future__ import annotations

import io
import json
import os
import sys
import time
from importlib.metadata import version
from typing import Any

from benchmarks.children import hold, say
from benchmarks.contenders import BY_KEY

_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


class Site:
    """The site in this process, asked the way a WSGI server asks it."""

    def __init__(self, contender: str) -> None:
        from django.core.wsgi import get_wsgi_application

        self.application = get_wsgi_application()
        self.path = "/empty/" if contender == "empty" else "/"
        self.cookies = "" if contender == "empty" else self._signed_in()

    def _signed_in(self) -> str:
        """Sign a user in as Django's own view does, and return the cookies that the browser then has."""
        from django.conf import settings
        from django.contrib.auth import login
        from django.contrib.auth.models import User
        from django.core.management import call_command
        from django.http import HttpResponse
        from django.test import RequestFactory
        from django.utils.module_loading import import_string

        call_command("migrate", verbosity=0)
        user = User.objects.create_user("ada", "ada@example.org", "correct horse battery staple")

        def sign_in(request: Any) -> HttpResponse:
            login(request, user, settings.AUTHENTICATION_BACKENDS[0])
            return HttpResponse("")

        handle: Any = sign_in
        for name in reversed(settings.MIDDLEWARE):
            handle = import_string(name)(handle)
        response = handle(RequestFactory().get("/login/", headers={"user-agent": _AGENT}))
        assert response.status_code == 200, response.status_code
        return "; ".join(f"{name}={morsel.value}" for name, morsel in response.cookies.items())

    def get(self, path: str = "", cookies: str | None = None) -> tuple[str, dict[str, str], bytes]:
        """One request, to the end: status, headers and body."""
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path or self.path,
            "SCRIPT_NAME": "",
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "localhost",
            "HTTP_USER_AGENT": _AGENT,
            "HTTP_COOKIE": self.cookies if cookies is None else cookies,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": False,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }
        begun: list[Any] = []
        response = self.application(environ, lambda *told: begun.append(told))
        body = b"".join(response)
        response.close()
        return begun[0][0], dict(begun[0][1]), body

    def queries(self, path: str = "", cookies: str | None = None) -> list[str]:
        """The statements of one request, those that begin and end transactions included."""
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as found:
            self.get(path, cookies)
        return [query["sql"] or "" for query in found.captured_queries]


def main() -> None:
    """Serve the contender that the environment names until standard input ends."""
    contender = os.environ["SOJOURN_BENCH_CONTENDER"]
    site = Site(contender)
    hold()
    for _ in range(20):
        status, _, body = site.get()
    assert status.startswith("200"), status
    assert body == (b"Hello" if contender == "empty" else b"Hello, ada"), body
    say(
        {
            "queries": site.queries(),
            "stranger": {"queries": site.queries("/empty/", ""), "vary": site.get("/empty/", "")[1].get("Vary", "")},
            "versions": {name: version(name) for name in BY_KEY[contender].packages},
        }
    )
    for line in sys.stdin:
        took = []
        for _ in range(json.loads(line)):
            began = time.perf_counter_ns()
            site.get()
            took.append(time.perf_counter_ns() - began)
        say(took)


if __name__ == "__main__":
    main()
