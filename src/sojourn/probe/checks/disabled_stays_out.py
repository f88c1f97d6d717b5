"""A disabled account's sessions end, and stay dead when it is enabled again."""

from sojourn.probe.answers import Severity, Verdict, failed, passed
from sojourn.probe.check import Check, Need
from sojourn.probe.errors import NotRestored
from sojourn.probe.examining.disabling import administrator, disabled, leave
from sojourn.probe.examining.examination import Examination
from sojourn.probe.wire.agents import browser


def _look(examination: Examination) -> Verdict:
    admin, switch = administrator(examination)
    user = examination.sign_in(browser(examination.network, 0))
    before = examination.look(user)[1]
    with disabled(admin, switch, examination) as answer:
        stays, during = examination.look(user)
    revives, after = examination.look(user)
    left = [] if leave(admin, switch) else ["The administrator's own session could not be signed out of"]
    evidence = (before.exchange, answer.chain[0], during.exchange, after.exchange)
    if stays:
        return failed("The account was disabled, and its browser is still signed in", evidence, details=left)
    if revives:
        return failed(
            "The account's session was dead while the account was disabled, and lives again since it is enabled",
            evidence,
            details=left,
        )
    if not examination.attempt(browser(examination.network, 1)).admitted:
        raise NotRestored(f"THE ACCOUNT {examination.profile.account.name} MAY BE DISABLED STILL: it cannot sign in")
    return passed("The account's session ended when it was disabled, and stayed dead", evidence, details=left)


CHECK = Check(
    id="disabled-stays-out",
    title="A disabled account's sessions end for good",
    severity=Severity.HIGH,
    references=("ASVS 5.0 7.4.2", "ASVS 5.0 8.3.2", "NIST SP 800-53 AC-12", "CWE-613"),
    does="Signs in as the administrator and as the account, disables the account, looks whether its browser is still "
    "signed in, enables the account, and looks again.",
    advice="End all sessions when an account is disabled or deleted. To look at each request whether it is enabled is "
    "not enough: a session that was only kept out comes back to life with the account, whoever may have stolen it.",
    sign_ins=3,
    look=_look,
    needs=frozenset({Need.ADMIN, Need.CHANGES}),
)
