"""One contender in a process of its own: signs one user in, then sends requests whenever it is told to.

It talks in lines: a number of requests comes in on standard input, the nanoseconds of each go out.
"""

from __future__ import annotations

import io
import json
import os
import sys
import time
from importlib.metadata import version
from typing import Any

_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


class Site:
    """The site in this process, asked the way a WSGI server asks it."""

    def __init__(self, contender: str) -> None:
        os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.site.settings"
        from django.core.wsgi import get_wsgi_application

        self.application = get_wsgi_application()
        self.path = "/empty/" if contender == "empty" else "/"
        self.cookies = "" if contender == "empty" else self._signed_in()

    def _signed_in(self) -> str:
        """Sign a user in as Django's own view does, and return the cookies that the browser then has."""
        from django.contrib.auth import login
        from django.contrib.auth.models import User
        from django.core.management import call_command
        from django.http import HttpResponse
        from django.test import RequestFactory
        from django.utils.module_loading import import_string

        call_command("migrate", verbosity=0)
        user = User.objects.create_user("ada", "ada@example.org", "correct horse battery staple")

        def sign_in(request: Any) -> HttpResponse:
            from django.conf import settings

            login(request, user, settings.AUTHENTICATION_BACKENDS[0])
            return HttpResponse("")

        from django.conf import settings

        handle: Any = sign_in
        for name in reversed(settings.MIDDLEWARE):
            handle = import_string(name)(handle)
        response = handle(RequestFactory().get("/login/", headers={"user-agent": _AGENT}))
        assert response.status_code == 200, response.status_code
        return "; ".join(f"{name}={morsel.value}" for name, morsel in response.cookies.items())

    def get(self) -> tuple[str, bytes]:
        """One request, to the end: status and body."""
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": self.path,
            "SCRIPT_NAME": "",
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "localhost",
            "HTTP_USER_AGENT": _AGENT,
            "HTTP_COOKIE": self.cookies,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": False,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }
        statuses: list[str] = []
        response = self.application(environ, lambda status, *_: statuses.append(status))
        body = b"".join(response)
        response.close()
        return statuses[0], body

    def queries(self) -> list[str]:
        """The statements of one request, savepoints and transactions included."""
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as found:
            self.get()
        return [query["sql"] or "" for query in found.captured_queries]


def main() -> None:
    """Serve the contender that the environment names until standard input ends."""
    contender = os.environ["SOJOURN_BENCH_CONTENDER"]
    site = Site(contender)
    for _ in range(20):
        status, body = site.get()
    assert status.startswith("200"), status
    assert body == (b"Hello" if contender == "empty" else b"Hello, ada"), body
    from benchmarks.contenders import BY_KEY

    versions = {name: version(name) for name in BY_KEY[contender].packages}
    print(json.dumps({"queries": site.queries(), "versions": versions}), flush=True)
    for line in sys.stdin:
        took = []
        for _ in range(int(line)):
            began = time.perf_counter_ns()
            site.get()
            took.append(time.perf_counter_ns() - began)
        print(json.dumps(took), flush=True)


if __name__ == "__main__":
    main()
