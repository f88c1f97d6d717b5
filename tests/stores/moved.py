"""`manage.py sojourn move` as a process, which may kill itself with -9 at a given step of a given subject.

Run as a program: Django's settings as JSON, the step (nothing for a move that goes to its end), before or after it, and
at which call.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any


def main(site: str, step: str = "", when: str = "", at: str = "0") -> None:
    from django.conf import settings

    settings.configure(**json.loads(site))
    import django

    django.setup()
    from django.core.management import call_command

    from sojourn.stores.moving import MovingStore

    right = MovingStore.__init__

    def begin(store: MovingStore, *stores: Any) -> None:
        right(store, *stores)
        owners: dict[str, Any] = {"pack": store.old.moves, "bring_in": store.new.moves, "erase": store.old}
        if step:
            setattr(owners[step], step, deadly(getattr(owners[step], step), when == "after", int(at)))

    MovingStore.__init__ = begin  # type: ignore[method-assign]  # in this process alone
    call_command("sojourn", "move", "--yes", "--wait", "1s", "--json")


def deadly(step: Callable[..., Any], after: bool, calls: int) -> Callable[..., Any]:
    """The same, but for one call, before or after which this process is no more."""
    left = [calls]

    def carried_out(*args: Any, **options: Any) -> Any:
        left[0] -= 1
        if not left[0]:
            if after:
                step(*args, **options)
            os.kill(os.getpid(), signal.SIGKILL)
        return step(*args, **options)

    return carried_out


if __name__ == "__main__":
    main(*sys.argv[1:])
