"""What servers are given: `wsgi` and `asgi`. `python -m tests.servers.site` makes its tables and its people.

Whoever ends of its own accord has a last word, in a file: its process id. It is said after Sojourn's own end, and never
by a process that is killed.
"""

import atexit
import os
from pathlib import Path

PEOPLE = ("ann", "bob", "cid")


def _last_word() -> None:
    with Path(os.environ["SOJOURN_TEST_LAST_WORDS"]).open("a") as words:
        words.write(f"{os.getpid()}\n")


if "SOJOURN_TEST_LAST_WORDS" in os.environ:
    atexit.register(_last_word)  # what is registered first is called last
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.servers.settings"

from django.core.asgi import get_asgi_application  # noqa: E402  # see above
from django.core.wsgi import get_wsgi_application  # noqa: E402

from sojourn.contrib.django.lifespan import finishing  # noqa: E402

asgi, wsgi = finishing(get_asgi_application()), get_wsgi_application()

if "SOJOURN_TEST_EARLY" in os.environ:  # a site that begins a session while it is loaded
    from sojourn.contrib.django.internal.wiring import control
    from sojourn.core.records import Arrival

    control().start(Arrival("early"))

if __name__ == "__main__":
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from tests.servers.running import PASSWORD

    call_command("migrate", verbosity=0)
    for name in PEOPLE:
        User.objects.create_user(name, f"{name}@example.org", PASSWORD)
