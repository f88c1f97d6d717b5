"""Serves the site by uvicorn: pages by HTTP, sockets by Channels. Prints its address and runs until it is ended.

The database is a file that the environment names (see `tests.django_site.settings`), made anew.
"""

import os
import socket


def main() -> None:
    """Make the tables and somebody who can sign in, take any free port of this machine, and answer."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.integrations.with_channels.settings"
    import django

    django.setup()
    import uvicorn
    from channels.routing import ProtocolTypeRouter
    from django.contrib.auth.models import User
    from django.core.asgi import get_asgi_application
    from django.core.management import call_command

    from sojourn.contrib.django.channels import SessionControlStack
    from tests.integrations.conftest import PASSWORD
    from tests.integrations.with_channels.consumers import Echo

    call_command("migrate", verbosity=0)
    User.objects.create_user("ann", "ann@example.com", PASSWORD)
    application = ProtocolTypeRouter({"http": get_asgi_application(), "websocket": SessionControlStack(Echo.as_asgi())})
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    print(f"127.0.0.1:{listening.getsockname()[1]}", flush=True)
    config = uvicorn.Config(application, lifespan="off", ws="websockets-sansio", timeout_graceful_shutdown=1)
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
