"""The dashboard: how many sessions are open, what came and went, and how much of the limits is used."""

from collections.abc import Sequence
from datetime import UTC, datetime

from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sojourn.contrib.django.administration import figures, plots
from sojourn.contrib.django.administration.base import AdministrationView
from sojourn.contrib.django.administration.figures import PERIODS, Period
from sojourn.contrib.django.internal.wiring import control
from sojourn.contrib.django.settings import current
from sojourn.contrib.django.wording import DEVICE_CLASSES, REASONS
from sojourn.core.records import DeviceClass, EndReason
from sojourn.core.search import Census, Tally
from sojourn.core.timeouts import DAY, HOUR

_PERIOD_NAMES = {"day": _("24 hours"), "week": _("7 days"), "month": _("30 days")}
_REFUSED, _PAUSED, _ASKED, _WOULD_HAVE = "start.refused", "start.paused", "choice.offered", "report.would_have"
MANY = 5
"""Subjects with so many sessions, or more, share one line of the plot."""


class DashboardView(AdministrationView):
    """Figures and plots of one period: a bounded number of reads of the store, however many sessions there are."""

    def get(self, request: HttpRequest) -> TemplateResponse:
        """Show the dashboard; `period` is day, week or month. Anything else is a week."""
        name = request.GET.get("period", "")
        name = name if name in PERIODS else "week"
        period, now = PERIODS[name], control().clock()
        census = control().census()
        tallies = control().store.tally(period.start(now, _offset(now)), period.step, period.count)
        context: dict[str, object] = {
            "periods": [(key, text, key == name) for key, text in _PERIOD_NAMES.items()],
            "period": _PERIOD_NAMES[name],
            "figures": _figures(census, tallies),
            "over_time": _over_time(period, census, tallies),
            "reasons": plots.bars([(str(REASONS[why]), count) for why, count in figures.ended_by_reason(tallies)]),
            "devices": plots.bars([(str(DEVICE_CLASSES[kind]), n) for kind, n in _by_class(census)]),
            "clients": plots.bars(_by_client(census)),
            "held": plots.bars(_held(census)),
            "uses": figures.use_of(current().policy().limits, census),
            "oldest_event": None if census.outbox_since is None else _moment(census.outbox_since),
        }
        return self.page("dashboard", gettext("Sessions at a glance"), context)


def _figures(census: Census, tallies: Sequence[Tally]) -> list[tuple[str, int]]:
    """The numbers at the top."""
    ended = dict(figures.ended_by_reason(tallies))
    seldom = [
        (gettext("Sign-ins of paused users"), sum(figures.stopped(tally, [_PAUSED]) for tally in tallies)),
        (gettext("Sign-ins a limit would have held"), sum(figures.stopped(tally, [_WOULD_HAVE]) for tally in tallies)),
    ]
    always = [
        (gettext("Open sessions now"), census.sessions),
        (gettext("Users with a session now"), census.subjects),
        (gettext("Sign-ins"), sum(tally.started for tally in tallies)),
        (gettext("Sign-ins refused"), sum(figures.stopped(tally, [_REFUSED]) for tally in tallies)),
        (gettext("Sign-ins that had to choose"), sum(figures.stopped(tally, [_ASKED]) for tally in tallies)),
        (gettext("Sessions ended by a limit"), ended.get(EndReason.EVICTED, 0)),
    ]
    return always + [figure for figure in seldom if figure[1]]


def _over_time(period: Period, census: Census, tallies: Sequence[Tally]) -> list[dict[str, object]]:
    """The plots over time, each with its title and what its columns are."""
    labels = [_label(tally.since, period) for tally in tallies]
    series = [
        ("open", gettext("Open sessions"), figures.open_over_time(census.sessions, tallies)),
        ("started", gettext("Sign-ins"), [tally.started for tally in tallies]),
        ("refused", gettext("Sign-ins refused"), [figures.stopped(tally, [_REFUSED]) for tally in tallies]),
        (
            "evicted",
            gettext("Sessions ended by a limit"),
            [tally.ended.get(EndReason.EVICTED, 0) for tally in tallies],
        ),
    ]
    return [{"key": key, "title": title, "plot": plots.columns(labels, values)} for key, title, values in series]


def _by_class(census: Census) -> list[tuple[DeviceClass, int]]:
    return sorted(census.by_device_class.items(), key=lambda pair: (-pair[1], pair[0]))


def _by_client(census: Census) -> list[tuple[str, int]]:
    """Sessions of each application; nothing where there is only one, of which there is nothing to compare."""
    if len(census.by_client) < 2:
        return []
    pairs = [(client or gettext("No name"), count) for client, count in census.by_client.items()]
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))


def _held(census: Census) -> list[tuple[str, int]]:
    """How many users hold one session, two, ..., many."""
    held = [0] * MANY
    for sessions, subjects in census.per_subject.items():
        held[min(sessions, MANY) - 1] += subjects
    names = [str(number) for number in range(1, MANY)] + [gettext("%(number)d or more") % {"number": MANY}]
    return list(zip(names, held, strict=True))


def _moment(at: int) -> datetime:
    return timezone.localtime(datetime.fromtimestamp(at / 1000, UTC))


def _offset(now: int) -> int:
    """The offset of the reader's time zone now, in milliseconds."""
    offset = _moment(now).utcoffset()
    return 0 if offset is None else int(offset.total_seconds() * 1000)


def _label(at: int, period: Period) -> str:
    """When a stretch of a period begins, in as few characters as tell it."""
    moment = _moment(at)
    if period.step == DAY:
        return date_format(moment, "MONTH_DAY_FORMAT")
    if period.step == HOUR:
        return date_format(moment, "TIME_FORMAT")
    return date_format(moment, "D") + " " + date_format(moment, "TIME_FORMAT")
