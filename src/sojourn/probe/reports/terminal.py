"""The report on a terminal: what is being done while it is done, a table, and what to do about what failed."""

from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from sojourn.probe.answers import Answer
from sojourn.probe.check import Check
from sojourn.probe.outcome.baseline import Comparison
from sojourn.probe.outcome.report import Finding, Report
from sojourn.probe.reports.as_html import ordered, verdict

_STYLE = {
    Answer.FAIL: "bold red",
    Answer.WARN: "yellow",
    Answer.NOT_TESTABLE: "cyan",
    Answer.PASS: "green",
}


class ProgressBar:
    """Tells which check is at work, and how many are left. On what is no terminal it says a line for each check."""

    def __init__(self, console: Console, total: int) -> None:
        self._console, self._check = console, ""
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.completed}/{task.total}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task: TaskID = self._bar.add_task("signing in for the first time", total=total)

    def __enter__(self) -> "ProgressBar":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def begins(self, check: Check) -> None:
        """A check begins."""
        self._check = check.id
        self._bar.update(self._task, description=check.id)

    def waits(self, seconds: float) -> None:
        """The check lets time go by."""
        self._bar.update(self._task, description=f"{self._check}: waiting, {seconds:.0f} s left")

    def ends(self, finding: Finding) -> None:
        """A check has come to something."""
        self._bar.advance(self._task)
        if not self._console.is_terminal:
            self._console.print(Text(f"{finding.check.id}: {finding.answer}"))


def print_report(console: Console, report: Report, comparison: Comparison) -> None:
    """Print the table, then what failed with its advice, then the whole in a sentence."""
    table = Table(title=Text(f"Session management of {report.target}"), title_justify="left", expand=True)
    table.add_column("answer", no_wrap=True)
    table.add_column("check", no_wrap=True)
    table.add_column("what was seen", ratio=1)
    for finding in ordered(report):
        said = Text(finding.answer.value, _STYLE[finding.answer])
        if comparison.exists and comparison.is_new(finding):
            said.append(" new")
        table.add_row(said, Text(finding.check.id), Text(finding.summary))
    console.print(table)
    for finding in report.with_answer(Answer.FAIL):
        console.print()
        console.print(Text(f"{finding.check.id} ({finding.check.severity})", "bold"))
        _indented(console, f"Expected: {finding.check.title}.")
        _indented(console, f"Seen: {finding.summary}")
        for each in finding.details:
            _indented(console, each)
        _indented(console, f"What to do: {finding.check.advice}")
        _indented(console, ", ".join(finding.check.references))
    console.print()
    if report.left_open:
        console.print(Text(f"{report.left_open} of the sessions begun here may still be open.", "bold"))
    if report.stopped:
        console.print(Text(f"The audit was not finished. {report.stopped}", "bold red"))
    numbers = ", ".join(f"{report.count(answer)} {answer.value}" for answer in _STYLE)
    console.print(Text(f"{verdict(report)} ({numbers}; {report.sign_ins} sign-ins, {report.seconds:.0f} s)"))


def print_checks(console: Console, checks: tuple[Check, ...]) -> None:
    """Explain checks: what `--list` says."""
    for check in checks:
        console.print(Text(check.id, "bold"), Text(f"({check.severity})"))
        _indented(console, f"{check.title}.")
        _indented(console, check.does)
        _indented(console, f"{', '.join(check.references)}; up to {_sign_ins(check)}")
        if check.needs:
            _indented(console, f"It needs {' and '.join(sorted(need.value for need in check.needs))}.")
        console.print()


def _indented(console: Console, text: str) -> None:
    console.print(Padding(Text(text), (0, 0, 0, 2)))


def _sign_ins(check: Check) -> str:
    return "1 sign-in" if check.sign_ins == 1 else f"{check.sign_ins} sign-ins"
