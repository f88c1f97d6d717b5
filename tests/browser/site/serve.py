"""Serves the people's site: `python -m tests.browser.site.serve FILE` prints its address and runs until it is ended.

With `async` after the file it is served by an asynchronous server (uvicorn), otherwise by Django's own.
"""

import os
import socket
import sys


def main(database: str, kind: str = "") -> None:
    """Make the tables, take any free port of this machine, and answer."""
    os.environ["SOJOURN_BROWSER_DATABASE"] = database
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.browser.site.settings"
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    (serve_async if kind == "async" else serve_threaded)()


def serve_threaded() -> None:
    """Django's own server, which waits."""
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.contrib.staticfiles.views import serve
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler, get_internal_wsgi_application

    class Static(StaticFilesHandler):
        """Serves the stylesheet and the icons although DEBUG is off: this is no real site."""

        def serve(self, request: object) -> object:
            return serve(request, self.file_path(request.path), insecure=True)

    server = ThreadedWSGIServer(("127.0.0.1", 0), WSGIRequestHandler)
    server.daemon_threads = True
    server.set_app(Static(get_internal_wsgi_application()))
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


def serve_async() -> None:
    """Uvicorn, as its users run it."""
    import uvicorn
    from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
    from django.contrib.staticfiles.views import serve
    from django.core.asgi import get_asgi_application

    class Static(ASGIStaticFilesHandler):
        """As above."""

        def serve(self, request: object) -> object:
            return serve(request, self.file_path(request.path), insecure=True)

    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
    config = uvicorn.Config(Static(get_asgi_application()), lifespan="off", timeout_graceful_shutdown=1)
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main(*sys.argv[1:])
