"""`sojourn probe`: audits the session management of a live application from outside."""

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from sojourn.probe.check import Check
    from sojourn.probe.outcome.baseline import Comparison
    from sojourn.probe.outcome.report import Report
    from sojourn.probe.profiles.profile import Profile
    from sojourn.probe.reports import Format

_HELP = "audit the session management of a live application"
_NEEDS = ("bs4", "httpx", "jinja2", "rich")
NOTHING_NEW, FOUND, WRONG_USE, NOT_DONE = 0, 1, 2, 3
"""Exit statuses: no weakness (or none that is new), some, a wrong command line, and an audit that was not finished."""
_SEVERITIES = ("low", "medium", "high")


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the parser's `commands`."""
    parser = commands.add_parser(
        "probe",
        help=_HELP,
        description=f"{_HELP.capitalize()} from outside: signs in, looks for weaknesses, signs out of everything. "
        "Audit only what you may.",
        epilog="Exit status: 0 nothing (new) found, 1 something found, 2 wrong use, 3 the audit could not be finished. "
        "The password is asked for, or comes from --password-env or --password-fd; never from an argument.",
    )
    parser.add_argument("target", nargs="?", metavar="URL", help="the application, such as https://app.example")
    who = parser.add_argument_group("signing in")
    who.add_argument("--user", metavar="NAME", help="whom to sign in as: an account for tests")
    who.add_argument("--password-env", metavar="NAME", help="the environment variable that holds the password")
    who.add_argument("--password-fd", type=int, metavar="N", help="the file descriptor to read the password from")
    who.add_argument("--login", metavar="PATH", help="the login page (default: it is looked for)")
    who.add_argument("--profile", type=Path, metavar="FILE", help="a TOML file with what cannot be guessed")
    who.add_argument("--protected", action="append", metavar="PATH", help="a page that needs a session; repeatable")
    who.add_argument("--browser", action="store_true", default=None, help="sign in with a real browser (Chromium)")
    how = parser.add_argument_group("manners")
    how.add_argument("--host", action="append", metavar="HOST", help="another host that may be asked; repeatable")
    how.add_argument("--ca", metavar="FILE", help="the certificate authority to trust, in PEM")
    how.add_argument("--max-sign-ins", type=int, metavar="N", help="how often it may sign in (default: 60)")
    how.add_argument("--pause", type=float, metavar="S", help="seconds between two sign-ins (default: 0)")
    how.add_argument("--max-time", type=float, metavar="S", help="seconds for all but waiting (default: 900)")
    how.add_argument(
        "--wait", type=float, metavar="S", help="seconds it may wait to see sessions time out (default: 0)"
    )
    how.add_argument(
        "--changes", action="store_true", default=None, help="it may change the account, and change it back"
    )
    how.add_argument("--dry-run", action="store_true", help="say what it would do, and send nothing")
    what = parser.add_argument_group("what, and how it is reported")
    what.add_argument("--list", action="store_true", help="explain every check and end")
    what.add_argument("--only", action="append", metavar="CHECK", help="only this check; repeatable, or with commas")
    what.add_argument("--skip", action="append", metavar="CHECK", help="not this check; repeatable, or with commas")
    what.add_argument(
        "--output",
        action="append",
        type=Path,
        metavar="FILE",
        help="write a report: .html, .json, .sarif or .xml (JUnit); repeatable",
    )
    what.add_argument("--baseline", type=Path, metavar="FILE", help="an earlier .json report: fail on what is new")
    what.add_argument(
        "--fail-on",
        choices=(*_SEVERITIES, "never"),
        default="low",
        help="the least severity that makes the exit status 1",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Audit, or list, or say what would be done; return the exit status."""
    if any(find_spec(name) is None for name in _NEEDS):
        return _fail('It needs some packages. Install them with: pip install "sojourn[probe]"')
    from rich.console import Console

    from sojourn.probe.checks import all_checks
    from sojourn.probe.errors import ProbeError, WrongProfile
    from sojourn.probe.reports.terminal import print_checks

    console = Console(highlight=False)
    try:
        chosen, skipped = _choose(options, all_checks())
        if options.list:
            print_checks(console, chosen)
            return NOTHING_NEW
        return _audit(console, options, chosen, skipped)
    except WrongProfile as error:
        return _fail(str(error))
    except ProbeError as error:
        print(f"sojourn probe: {error}", file=sys.stderr, flush=True)
        return NOT_DONE
    except KeyboardInterrupt:
        print("\nInterrupted before anything was found.", file=sys.stderr, flush=True)
        return NOT_DONE


def _audit(
    console: "Console", options: argparse.Namespace, chosen: "tuple[Check, ...]", skipped: "tuple[Check, ...]"
) -> int:
    from sojourn.probe.outcome.baseline import Comparison, compare, read_baseline
    from sojourn.probe.plan import plan
    from sojourn.probe.reports.terminal import ProgressBar, print_report
    from sojourn.probe.running import audit

    before = None if options.baseline is None else read_baseline(options.baseline)
    outputs = [(path, _format(path)) for path in options.output or ()]
    profile = _profile(options)
    if options.dry_run:
        for line in plan(profile, chosen):
            print(line)
        return NOTHING_NEW
    with ProgressBar(console, len(chosen)) as watcher:
        report = audit(profile, chosen, watcher=watcher, skipped=skipped)
    comparison = Comparison() if before is None else compare(report, before)
    print_report(console, report, comparison)
    for path, kind in outputs:
        _write(path, kind, report, comparison)
    return _status(options.fail_on, report, comparison)


def _status(fail_on: str, report: "Report", comparison: "Comparison") -> int:
    from sojourn.probe.answers import Answer

    if report.stopped:
        return NOT_DONE
    if fail_on == "never":
        return NOTHING_NEW
    counted = _SEVERITIES[_SEVERITIES.index(fail_on) :]
    failing = [each for each in report.with_answer(Answer.FAIL) if comparison.is_new(each)]
    return FOUND if any(each.check.severity in counted for each in failing) else NOTHING_NEW


def _choose(options: argparse.Namespace, checks: "tuple[Check, ...]") -> "tuple[tuple[Check, ...], tuple[Check, ...]]":
    """The checks that are asked for, and the others."""
    from sojourn.probe.errors import WrongProfile

    only, skip = _ids(options.only), _ids(options.skip)
    unknown = (only | skip) - {check.id for check in checks}
    if unknown:
        raise WrongProfile(f"There is no check {', '.join(sorted(unknown))}: --list shows those that there are")
    chosen = tuple(check for check in checks if check.id not in skip and (not only or check.id in only))
    return chosen, tuple(check for check in checks if check not in chosen)


def _ids(given: list[str] | None) -> set[str]:
    return {each.strip() for text in given or () for each in text.split(",") if each.strip()}


def _fail(message: str) -> int:
    print(f"sojourn probe: {message}", file=sys.stderr, flush=True)
    return WRONG_USE


def _profile(options: argparse.Namespace) -> "Profile":
    """What the command line and the profile say. A dry run asks nobody for a password."""
    from sojourn.probe.profiles import asking
    from sojourn.probe.profiles.file import make_profile, read_profile
    from sojourn.probe.profiles.secret import Secret

    given, secret = options, None
    if given.dry_run:
        secret = Secret("")
    elif given.password_env or given.password_fd is not None:
        secret = asking.password(given.user or "", variable=given.password_env or "", descriptor=given.password_fd)
    return make_profile(
        given.target or "",
        given.user or "",
        secret,
        file=read_profile(given.profile) if given.profile else None,
        ask=(lambda *_, **__: Secret("")) if given.dry_run else asking.password,
        look_up=(lambda _: Secret("")) if given.dry_run else asking.from_environment,
        login=given.login,
        protected=tuple(given.protected or ()),
        hosts=frozenset(given.host or ()),
        ca=given.ca,
        browser=given.browser,
        max_sign_ins=given.max_sign_ins,
        pause=given.pause,
        max_time=given.max_time,
        wait=given.wait,
        changes=given.changes,
    )


def _format(path: Path) -> "Format":
    from sojourn.probe.errors import WrongProfile
    from sojourn.probe.reports import Format

    try:
        return Format(path.suffix.removeprefix("."))
    except ValueError:
        raise WrongProfile(f"{path}: a report's name ends with .html, .json, .sarif or .xml") from None


def _write(path: Path, kind: "Format", report: "Report", comparison: "Comparison") -> None:
    from sojourn.probe.reports import WRITERS

    try:
        path.write_text(WRITERS[kind](report, comparison), encoding="utf-8")
    except OSError as error:
        print(f"sojourn probe: {path} cannot be written: {error.strerror}", file=sys.stderr, flush=True)
    else:
        print(f"wrote {path}", flush=True)
