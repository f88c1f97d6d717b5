"""Serves the people's site: `python -m tests.browser.site.serve FILE` prints its address and runs until it is ended."""

import os
import sys


def main(database: str) -> None:
    """Make the tables, take any free port of this machine, and answer."""
    os.environ["SOJOURN_BROWSER_DATABASE"] = database
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.browser.site.settings"
    import django

    django.setup()
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.contrib.staticfiles.views import serve
    from django.core.management import call_command
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler, get_internal_wsgi_application

    class Static(StaticFilesHandler):
        """Serves the stylesheet and the icons although DEBUG is off: this is no real site."""

        def serve(self, request: object) -> object:
            return serve(request, self.file_path(request.path), insecure=True)

    call_command("migrate", verbosity=0)
    server = ThreadedWSGIServer(("127.0.0.1", 0), WSGIRequestHandler)
    server.daemon_threads = True
    server.set_app(Static(get_internal_wsgi_application()))
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
