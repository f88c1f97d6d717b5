"""Somebody who signs in with a browser that was never seen before is told of to the account's mailbox."""

import re

from sojourn.probe.answers import Severity, Verdict, failed, passed, warned
from sojourn.probe.check import Check, Need
from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.examination import Examination
from sojourn.probe.examining.mailbox import mailbox_of
from sojourn.probe.examining.observing import submission
from sojourn.probe.reading.news import speaks_of_sessions
from sojourn.probe.wire.agents import AGENTS, browser

_EVERY = 2.0
"""Seconds between two looks."""
_SIGN_IN = re.compile(
    r"(sign|log)[ -]?(in|on)\b|device|anmeldung|ger[aä]t|appareil|inicio de sesi|dispositiv|acceso|accesso|aanmeld"
    r"|logowan",
    re.IGNORECASE,
)

_CODE = re.compile(r"\d[\d -]{2,}\d")
"""What lets somebody in once: many a subject has it."""


def _look(examination: Examination) -> Verdict:
    box, within = mailbox_of(examination.profile)
    known = box.names()
    attempts = [examination.attempt(browser(examination.network, number)) for number in range(2)]
    if not any(each.admitted for each in attempts):
        raise NotTestable("No sign-in was admitted that there could be a message about")
    evidence = [submission(each) for each in attempts]
    came, waited = list[str](), 0.0
    while True:
        new = box.names() - known
        known |= new
        came += [box.read(name) for name in sorted(new)]
        about = [each for each in came if _SIGN_IN.search(each) or speaks_of_sessions(each)]
        if about or waited >= within:
            break
        examination.wait(_EVERY)
        waited += _EVERY
    if about:
        named = any(agent.name in each for agent in AGENTS[:2] for each in about)
        details = [] if named else ["It does not say what kind of browser it was"]
        return passed("A message came:", evidence, details=details, quoted=_subject(about[0]))
    if came:
        return warned("A message came that does not seem to speak of a sign-in:", evidence, quoted=_subject(came[0]))
    return failed(
        f"Two browsers signed in that were never seen before, and no message came within {within:g} seconds", evidence
    )


def _subject(message: str) -> str:
    return _CODE.sub("...", message.partition("\n")[0])


CHECK = Check(
    id="mail-told",
    title="The account's owner gets a message about a new browser",
    severity=Severity.MEDIUM,
    references=("ASVS 5.0 6.3.5", "Fluid Attacks 062", "WSTG-SESS-11"),
    does="Signs in with two browsers without any cookie, and reads the mailbox until a message about it comes.",
    advice="Write to the owner whenever a session begins in a browser or at a place that is new for the account: with "
    "device, place and time, and a link that ends it. Send it from a queue, outside the request that signs in.",
    sign_ins=2,
    look=_look,
    needs=frozenset({Need.MAILBOX}),
)
