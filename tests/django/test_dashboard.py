"""The dashboard in the admin: its numbers are those of what happened, and only who may look sees them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from sojourn.contrib.django.internal.wiring import control
from sojourn.core.policy import Limit, Overflow
from sojourn.core.records import Arrival, Device, DeviceClass, EndReason
from sojourn.core.timeouts import DAY

pytestmark = pytest.mark.django_db


@pytest.fixture
def viewer() -> Client:
    """A browser of a member of staff who may look at sessions, and do nothing else."""
    user = User.objects.create_user("viewer", password="x", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_session", content_type__app_label="sojourn"))
    client = Client()
    client.force_login(user)
    return client


def shown(page: str) -> dict[str, int]:
    """The figures at the top of the page."""
    found = re.findall(r"<dt>([^<]+)</dt><dd>([\d,. ]+)</dd>", page)
    return {text: int(re.sub(r"\D", "", value)) for text, value in found}


def dashboard(client: Client, **query: str) -> Any:
    return client.get(reverse("admin:sojourn_session_dashboard"), query)


def test_the_figures_are_those_of_what_happened(viewer: Client, settings: Any) -> None:
    settings.SOJOURN = {"LIMITS": [{"max_sessions": 1, "overflow": "end_existing"}], "INACTIVITY_TIMEOUT": "30m"}
    before = shown(dashboard(viewer).content.decode())
    for subject in ("ann", "ann", "bob"):
        control().start(Arrival(subject, device=Device(DeviceClass.PHONE, "Safari", "iOS")))
    refusing = [Limit(1, Overflow.REFUSE, name="one")]
    settings.SOJOURN = {"LIMITS": [{"max_sessions": 1, "overflow": "refuse"}], "INACTIVITY_TIMEOUT": "30m"}
    control().start(Arrival("bob"))
    after = shown(dashboard(viewer).content.decode())
    change = {text: after[text] - before[text] for text in after}
    assert change == {
        "Open sessions now": 2,
        "Users with a session now": 2,
        "Sign-ins": 3,
        "Sign-ins refused": len(refusing),
        "Sign-ins that had to choose": 0,
        "Sessions ended by a limit": 1,
    }


def test_the_plots_show_kinds_of_device_reasons_and_the_use_of_the_limit(viewer: Client, settings: Any) -> None:
    settings.SOJOURN = {"LIMITS": [{"max_sessions": 2, "name": "two each"}], "INACTIVITY_TIMEOUT": "30m"}
    for place in ("a", "b", "c"):
        control().start(Arrival("ann", device=Device(DeviceClass.TABLET, digest=place)))
    control().end("ann", None, EndReason.OPERATOR)
    for place in ("a", "b"):
        control().start(Arrival("ann", device=Device(DeviceClass.TABLET, digest=place)))
    page = dashboard(viewer).content.decode()
    assert re.search(r'<th scope="row">Tablet</th><td class="sjd-number">2</td>', page)
    assert re.search(r'<th scope="row">Ended by an administrator</th><td class="sjd-number">2</td>', page)
    assert re.search(r'<th scope="row">Made room for a new session</th><td class="sjd-number">1</td>', page)
    assert "<strong>two each</strong>: 1 of 2 users are at it (50 %)." in page


@pytest.mark.parametrize(("period", "columns"), [("day", 24), ("week", 28), ("month", 30), ("nonsense", 28), ("", 28)])
def test_a_period_is_chosen_by_name_and_anything_else_is_a_week(viewer: Client, period: str, columns: int) -> None:
    page = dashboard(viewer, period=period).content.decode()
    assert page.count('aria-current="page"') >= 1
    first = page.split("<tbody>")[1].split("</tbody>")[0]
    assert first.count('<th scope="row">') == columns


def test_a_session_of_yesterday_is_not_in_the_figures_of_the_last_24_hours(viewer: Client, settings: Any) -> None:
    from sojourn.contrib.django.internal import wiring

    clock = wiring.clock
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wiring, "clock", lambda: clock() - 2 * DAY)
        control().start(Arrival("ann"))
    assert shown(dashboard(viewer, period="day").content.decode())["Sign-ins"] == 1, "the viewer's own"
    assert shown(dashboard(viewer, period="week").content.decode())["Sign-ins"] == 2


def test_nobody_sees_it_without_the_permission() -> None:
    assert dashboard(Client()).status_code == 302
    client = Client()
    client.force_login(User.objects.create_user("staff", password="x", is_staff=True))
    assert dashboard(client).status_code == 403
    assert client.post(reverse("admin:sojourn_session_dashboard")).status_code == 403


def test_nothing_changes_by_looking(viewer: Client) -> None:
    assert viewer.post(reverse("admin:sojourn_session_dashboard")).status_code == 405


def test_the_number_of_queries_does_not_depend_on_the_number_of_sessions(
    viewer: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(40):
        control().start(Arrival(f"subject {number}", client=f"client {number % 3}"))
    with django_assert_max_num_queries(14):
        dashboard(viewer)
