"""An audit from its first request to its last: survey, checks from the cheapest on, and signing out of everything."""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from sojourn.probe.answers import Answer, Verdict
from sojourn.probe.check import Check, Need
from sojourn.probe.clock import Clock
from sojourn.probe.errors import LockedOut, NotRestored, NotTestable, OutOfTime, ProbeError, Unreachable
from sojourn.probe.examining.examination import Budget, Examination
from sojourn.probe.outcome.masking import Masker
from sojourn.probe.outcome.report import Finding, Report
from sojourn.probe.profiles.literals import literal_secrets
from sojourn.probe.profiles.profile import Profile
from sojourn.probe.survey.learnt import Survey
from sojourn.probe.surveying import survey
from sojourn.probe.wire.network import Network


class Watcher(Protocol):
    """Who is told how an audit goes on: a progress bar, or a test."""

    def begins(self, check: Check) -> None:
        """A check begins."""
        ...

    def ends(self, finding: Finding) -> None:
        """A check has come to something."""
        ...

    def waits(self, seconds: float) -> None:
        """The check lets time go by, as it is told at least every second; so many seconds of it are left."""
        ...


def audit(
    profile: Profile,
    checks: Sequence[Check],
    *,
    watcher: Watcher | None = None,
    skipped: Sequence[Check] = (),
    clock: Clock | None = None,
) -> Report:
    """Audit an application, and sign out of everything in the end, whatever happens.

    Ctrl-C ends the audit and signs out; once more, it ends that too. Either way there is a report of what was found,
    and of the sessions that are left.

    Raises ProbeError (CannotSignIn, Unreachable, ...) where not even the survey can be made.
    """
    clock = clock or Clock()
    network, masker, began, start = Network(profile, clock=clock.now), Masker(), time.time(), clock.now()
    for account in filter(None, (profile.account, profile.admin)):
        masker.learn("password", account.password.reveal())
        for secret in account.totp.spellings if account.totp else ():
            masker.learn("password", secret)
    for secret in literal_secrets(profile):
        masker.learn("password", secret)
    findings: list[Finding] = []
    stopped = ""
    try:
        budget = Budget(profile, clock=clock)
        waits = watcher.waits if watcher else lambda _: None
        examination = Examination(network, _survey(network, budget, masker), budget, clock=clock, waits=waits)
        for exchange in network.exchanges:
            masker.learn_from(exchange)
        try:
            for check in checks:
                if watcher:
                    watcher.begins(check)
                try:
                    findings.append(_run(check, examination, masker))
                except (LockedOut, OutOfTime, NotRestored) as stop:
                    stopped = f"Stopped at {check.id}: {masker.mask_data(str(stop))}"
                    break
                if watcher:
                    watcher.ends(findings[-1])
        except KeyboardInterrupt:
            stopped = f"Stopped by the operator at {check.id}"
        finally:
            network.extend(60)
            try:
                examination.sign_out_of_all(again=True)
            except KeyboardInterrupt:
                stopped = f"{stopped or 'Stopped by the operator'}, and while it was signing out"
        found = examination.survey
        return Report(
            target=profile.target,
            account=profile.account.name,
            began=began,
            seconds=clock.now() - start,
            login=masker.mask_data(found.login.describe()),
            marks=tuple(masker.mask_data(mark.describe()) for mark in found.marks),
            findings=tuple(findings),
            stopped=stopped,
            requests=len(network.exchanges),
            sign_ins=budget.spent,
            left_open=examination.left_open,
            skipped=tuple(skipped),
        )
    finally:
        network.close()


def _survey(network: Network, budget: Budget, masker: Masker) -> Survey:
    """The survey; its errors may name an address to which the application led, with all that is in it."""
    try:
        return survey(network, budget)
    except ProbeError as error:
        for exchange in network.exchanges:
            masker.learn_from(exchange)
        raise type(error)(masker.mask_data(str(error))) from None


def _still_answers(examination: Examination) -> None:
    """Raises LockedOut where the application has gone silent altogether: each further check would wait in vain."""
    try:
        examination.visitor().get(examination.survey.login_url)
    except Unreachable as error:
        raise LockedOut(f"The application does not answer any more, not even its login page ({error})") from None


def _run(check: Check, examination: Examination, masker: Masker) -> Finding:
    """One check. Between two checks nobody is signed in, so that none sees the other's sessions."""
    start, spent, seen = examination.clock.now(), examination.budget.spent, len(examination.network.exchanges)
    try:
        missing = lacks(check, examination.profile)
        if missing:
            raise NotTestable(missing)
        verdict = check.look(examination)
    except (LockedOut, OutOfTime, NotRestored):
        raise
    except ProbeError as error:
        if isinstance(error, Unreachable):
            _still_answers(examination)
        verdict = Verdict(Answer.NOT_TESTABLE, str(error))
    except Exception as error:  # noqa: BLE001  # a fault in one check must not take the others' findings with it
        # Its type alone: the message may show what the check had in its hands.
        verdict = Verdict(
            Answer.NOT_TESTABLE, f"The probe itself failed here: {type(error).__name__}. Please report it."
        )
    finally:
        for kind, secret in examination.concealed:
            masker.learn(kind, secret)
        codes = examination.profile.account.totp
        for code in codes.taken if codes else ():
            masker.learn("code", code)
        for exchange in examination.network.exchanges[seen:]:
            masker.learn_from(exchange)
    examination.sign_out_of_all()
    for exchange in examination.network.exchanges[seen:]:
        masker.learn_from(exchange)
    found = Finding(
        check,
        verdict.answer,
        " ".join(filter(None, (masker.mask_data(verdict.summary), masker.quote(verdict.quoted)))),
        tuple(masker.mask_data(each) for each in verdict.details),
        masker.show_all(verdict.evidence),
        examination.budget.spent - spent,
        examination.clock.now() - start,
    )
    examination.network.forget_bodies()
    return found


_GIVEN: dict[Need, Callable[[Profile], object]] = {
    Need.BROWSER: lambda profile: profile.browser,
    Need.MAILBOX: lambda profile: profile.extra.get("mailbox"),
    Need.ADMIN: lambda profile: profile.admin,
    Need.WAIT: lambda profile: profile.wait,
    Need.CHANGES: lambda profile: profile.changes,
}


def lacks(check: Check, profile: Profile) -> str:
    """What a check needs that the operator has not given, as a sentence; "" for nothing."""
    missing = [need.value for need in sorted(check.needs) if not _GIVEN[need](profile)]
    return f"It needs {' and '.join(missing)}." if missing else ""
