"""The recipes for task queues on the page about delivery run as they are, each in its own library."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any, ClassVar

import pytest
from django.test import override_settings

from sojourn.contrib.django.internal.wiring import control
from sojourn.core.records import Arrival
from sojourn.core.timeouts import DAY
from sojourn.notify.sinks import Message
from tests.docs.markdown import DOCS, Page

PAGE = Page(DOCS / "howto" / "delivery.md")
SITE: dict[str, Any] = {
    "LIMITS": [{"max_sessions": 1, "overflow": "end_existing"}],
    "INACTIVITY_TIMEOUT": "30m",
    "NOTICES": dict.fromkeys(
        ("new_device", "new_place", "second_session", "evicted", "refused", "repeated", "disowned"), ()
    ),
    "SINKS": [f"{__name__}.Sink"],
}


class Sink:
    """Keeps what it tells."""

    name, fold, patience, endurance = "own", 0, DAY, 0
    told: ClassVar[list[str]] = []

    def wants(self, event: Mapping[str, object]) -> bool:
        return event["type"] == "session.started"

    def deliver(self, message: Message) -> bool:
        self.told.append(message.subject)
        return True


def recipe(name: str) -> str:
    return next(block.code for block in PAGE.blocks if block.words.get("module") == name)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    """Makes a module of a recipe's code."""

    def install(name: str, code: str) -> None:
        module = ModuleType(name)
        monkeypatch.setitem(sys.modules, "accounts", ModuleType("accounts"))
        monkeypatch.setitem(sys.modules, name, module)
        exec(compile(code, name, "exec"), vars(module))

    Sink.told.clear()
    return install


def sign_in(delivery: str, callbacks: Any) -> None:
    with override_settings(SOJOURN={**SITE, "DELIVERY": delivery}), callbacks(execute=True):
        control().start(Arrival("ann"))
        assert Sink.told == []


@pytest.mark.django_db
def test_the_recipe_for_celery_delivers(installed: Any, django_capture_on_commit_callbacks: Any) -> None:
    celery = pytest.importorskip("celery")
    app = celery.Celery("site", set_as_current=True)
    app.conf.update(task_always_eager=True, task_eager_propagates=True)
    installed("accounts.celery_delivery", recipe("accounts.celery_delivery"))
    sign_in("accounts.celery_delivery.wake", django_capture_on_commit_callbacks)
    assert Sink.told == ["ann"]


@pytest.mark.django_db
def test_the_recipe_for_djangos_tasks_delivers(installed: Any, django_capture_on_commit_callbacks: Any) -> None:
    code = recipe("accounts.task_delivery")
    try:
        import django.tasks  # noqa: F401
    except ImportError:
        pytest.importorskip("django_tasks")
        code = code.replace("from django.tasks import", "from django_tasks import")
        backend = "django_tasks.backends.immediate.ImmediateBackend"
    else:
        backend = "django.tasks.backends.immediate.ImmediateBackend"
    with override_settings(TASKS={"default": {"BACKEND": backend, "ENQUEUE_ON_COMMIT": False}}):
        installed("accounts.task_delivery", code)
        sign_in("accounts.task_delivery.wake", django_capture_on_commit_callbacks)
    assert Sink.told == ["ann"]
