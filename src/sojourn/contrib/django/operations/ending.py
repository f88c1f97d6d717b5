"""`end`: end some sessions, or all there are."""

from argparse import ArgumentParser
from collections.abc import Mapping

from django.core.management.base import CommandError

from sojourn.contrib.django.internal.wiring import control, now
from sojourn.contrib.django.operations.base import Operation, Options
from sojourn.contrib.django.operations.filters import FILTERS, add_filters, found, query_of
from sojourn.contrib.django.operations.showing import show
from sojourn.contrib.django.operations.terminal import Terminal, operator
from sojourn.core.records import EndReason, Session
from sojourn.core.search import Standing
from sojourn.core.timeouts import judge

SHOWN = 20
ALL = "end all sessions"
"""What is to be typed before everybody is signed out."""


class End(Operation):
    """Ends sessions. They are dead at their next request; who did it and why is on record."""

    name = "end"
    help = (
        "End sessions: those named by their ids, those that the filters pick, or all (after restoring a backup). They "
        "are dead at their next request, and who did it and why is recorded. Shows what it would end, and asks."
    )

    def arguments(self, parser: ArgumentParser) -> None:
        """See `Operation.arguments`."""
        parser.add_argument("sids", metavar="SESSION", nargs="*", help="The id of a session, as `list` shows it.")
        add_filters(parser)
        parser.add_argument("--all", action="store_true", help="All sessions of everybody, with one write.")
        parser.add_argument(
            "--note", help="Why; recorded with each session, for operators only. Asked for if not given."
        )
        parser.add_argument("--yes", action="store_true", help="Do not ask.")

    def run(self, terminal: Terminal, options: Options) -> None:
        """See `Operation.run`."""
        filtered = any(options[name] is not None for name in FILTERS)
        if [bool(options["sids"]), filtered, options["all"]].count(True) != 1:
            raise CommandError("Write one of: the ids of sessions; filters, such as --user; or --all.")
        if options["all"]:
            self._end_all(terminal, options)
            return
        sessions = self._named(options["sids"]) if options["sids"] else list(found(query_of(options, Standing.LIVE)))
        if not sessions:
            terminal.result({"ended": []}, "No live session is like that. Nothing was changed.")
            return
        if not terminal.as_json:
            show(terminal, sessions[:SHOWN])
            if len(sessions) > SHOWN:
                terminal.say(f"... and {len(sessions) - SHOWN} more")
        note = terminal.note(options["note"])
        terminal.confirm(f"{_sessions(len(sessions))} will end.", yes=options["yes"])
        self._end(terminal, sessions, note)

    def _named(self, sids: list[str]) -> list[Session]:
        sessions = {sid: control().store.find(sid) for sid in dict.fromkeys(sids)}
        unknown = [sid for sid, session in sessions.items() if session is None]
        if unknown:
            raise CommandError(
                f"Nothing was changed: there is no session {', '.join(text[:64] for text in unknown)}. `list` shows "
                "their ids; for those of a user, write --user."
            )
        return [session for session in sessions.values() if session is not None and judge(session, now()).live]

    def _end(self, terminal: Terminal, sessions: list[Session], note: str) -> None:
        by_subject: dict[str, list[str]] = {}
        for session in sessions:
            by_subject.setdefault(session.subject, []).append(session.sid)
        ended: list[Session] = []
        by = operator()
        for subject, sids in by_subject.items():
            ended += control().end(subject, sids, EndReason.OPERATOR, by=by, note=note)
            terminal.progress(f"{len(ended)} of {len(sessions)}")
        terminal.done()
        over = [session.sid for session in ended if session.end_reason is EndReason.OPERATOR]
        less = f" The other {len(sessions) - len(over)} ended by themselves." if len(over) < len(sessions) else ""
        terminal.result(_record(note, ended=over), f"{_sessions(len(over), 'was', 'were')} ended.{less}")

    def _end_all(self, terminal: Terminal, options: Options) -> None:
        census = control().census()
        note = terminal.note(options["note"])
        terminal.confirm(
            f"{_sessions(census.sessions)} of {census.subjects} users will end: everybody must sign in again.",
            yes=options["yes"],
            answer=ALL,
        )
        ended = control().end_all(
            by=operator(), note=note, progress=lambda done: terminal.progress(f"{done} of {census.sessions} recorded")
        )
        terminal.done()
        terminal.result(_record(note, count=ended), f"{_sessions(ended, 'was', 'were')} ended.")


def _record(note: str, **what: object) -> Mapping[str, object]:
    return {**what, "by": operator(), "note": note}


def _sessions(count: int, one: str = "", many: str = "") -> str:
    return f"{count} session{'' if count == 1 else 's'} {one if count == 1 else many}".rstrip()
