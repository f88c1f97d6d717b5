"""What a check is given: visitors, sign-ins within the budget, and what is known of the application."""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from sojourn.probe.clock import Clock
from sojourn.probe.errors import LockedOut, NotTestable, OutOfSignIns, ProbeError, Unreachable
from sojourn.probe.profiles.profile import Account, Profile
from sojourn.probe.signing.lockout import sign_of_lockout
from sojourn.probe.survey.learnt import Survey
from sojourn.probe.wire.network import Network
from sojourn.probe.wire.visitor import Page, Visitor

T = TypeVar("T")


@dataclass(frozen=True)
class Attempt:
    """A sign-in with the right password, and what came of it."""

    visitor: Visitor
    pages: tuple[Page, ...]
    """The answers, from the login page on; the last is where it led."""
    admitted: bool
    """Whether the visitor is signed in now. If not, the limit has refused it, or asks."""


class Budget:
    """How many sign-ins are left, and the pause between two of them. Safe to use from several threads."""

    def __init__(self, profile: Profile, *, clock: Clock | None = None) -> None:
        self._left, self._pause, self._sleep = profile.max_sign_ins, profile.pause, (clock or Clock()).sleep
        self._lock = threading.Lock()
        self.spent = 0

    @property
    def left(self) -> int:
        """How many sign-ins may still be made."""
        return self._left

    def spend(self, sign_ins: int = 1) -> None:
        """Take so many; waits the pause first unless this is the first. Raises OutOfSignIns, and then takes none."""
        with self._lock:
            if self._left < sign_ins:
                raise OutOfSignIns(
                    f"The sign-ins that may be made are used up, {sign_ins} more are needed (--max-sign-ins)"
                )
            waits = self.spent > 0
            self._left -= sign_ins
            self.spent += sign_ins
        if waits and self._pause:
            self._sleep(self._pause)


@dataclass(eq=False)
class _Begun:
    """A session that is to be signed out of."""

    visitor: Visitor
    kept: Visitor | None = None
    """With the very cookies that it began with: they may open it still where the browser has lost or renewed them."""
    lost: bool = False
    """Whether the answer to the sign-in never came: there may be a session of which no browser knows."""

    def finish(self, send: Callable[[], Sequence[Page]]) -> Sequence[Page]:
        """Send the last secret."""
        self.lost = True
        try:
            pages = send()
        except ProbeError as error:
            self.lost = type(error) is Unreachable
            raise
        self.lost = False
        return pages


class Examination:
    """One application under audit. Every session begun here is signed out by `sign_out_of_all`."""

    def __init__(
        self,
        network: Network,
        survey: Survey,
        budget: Budget,
        *,
        clock: Clock | None = None,
        waits: Callable[[float], None] = lambda _: None,
    ) -> None:
        self.network, self.survey, self.budget = network, survey, budget
        self.profile: Profile = network.profile
        self.clock = clock or Clock()
        self._waits = waits
        self._begun = [_Begun(survey.visitor)]
        self._left: list[_Begun] = []
        self._known: dict[str, object] = {}
        self.concealed: list[tuple[str, str]] = []
        """Secrets of a check's own making, each with its kind: a new password. No report shows them."""

    def visitor(self) -> Visitor:
        """A new browser, without any cookie: nobody."""
        return Visitor(self.network)

    def attempt(
        self,
        visitor: Visitor | None = None,
        *,
        account: Account | None = None,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> Attempt:
        """Sign in (in a new browser unless `visitor` is given) and see what comes of it.

        `meanwhile` happens when the login page is open and before the last secret is sent.
        Raises LockedOut at the first sign of a lockout or a rate limit, OutOfSignIns, CannotSignIn, Unreachable.
        Where a one-time code is asked for, it waits for one that was not sent before.
        """
        return self.attempts([visitor or self.visitor()], account=account, meanwhile=meanwhile)[0]

    def attempts(
        self,
        visitors: Sequence[Visitor],
        *,
        account: Account | None = None,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> list[Attempt]:
        """Sign in with all of them in the same instant: every login page is open before the first password is sent.

        Raises NotTestable for more than one where each would need a one-time code of its own.
        """
        who, login = account or self.profile.account, self.survey.login
        if who.totp is not None and len(visitors) > 1:
            raise NotTestable("In the same instant there is one one-time code for all, and it may be taken once only")
        self.budget.spend(len(visitors))
        self.await_code(who)
        begun = [_Begun(visitor) for visitor in visitors]
        self._begun += begun  # before anything is sent: a login of several steps may begin its session at any of them
        finishing = [partial(each.finish, login.begin(each.visitor, who)) for each in begun]
        meanwhile()
        answers = together(finishing)
        for each in begun:
            each.kept = each.visitor.twin()
        return [self._judge(visitor, tuple(pages)) for visitor, pages in zip(visitors, answers, strict=True)]

    def sign_in(self, visitor: Visitor | None = None, *, account: Account | None = None) -> Visitor:
        """Sign in, and be signed in; the browser. Raises NotTestable where the sign-in is not admitted."""
        attempt = self.attempt(visitor, account=account)
        if not attempt.admitted:
            raise NotTestable("A sign-in that the check needs was not admitted")
        return attempt.visitor

    def adopt(self, visitor: Visitor) -> None:
        """Count a browser that may have got a session by another way than signing in among those to sign out of."""
        self._begun.append(_Begun(visitor))

    def is_signed_in(self, visitor: Visitor, *, mark: int = 0) -> bool:
        """Whether the application takes this browser for signed in, by its best mark (or another of them).

        Asks with a twin, so that what the answer sets changes nothing for the visitor. Raises NotTestable where the
        page tells neither.
        """
        return self.look(visitor, mark=mark)[0]

    def look(self, visitor: Visitor, *, mark: int = 0) -> tuple[bool, Page]:
        """The same, with the page that shows it: evidence."""
        chosen = self.survey.marks[mark]
        page = visitor.twin().get(chosen.url)
        shows = chosen.shows(page)
        if shows is None:
            raise NotTestable(f"{chosen.url} answered {page.status}, which does not tell whether one is signed in")
        return shows, page

    def replay(self, visitor: Visitor) -> Page | None:
        """Try everything this browser carries on each page that needs a session; the first that opens, or None."""
        for number in range(len(self.survey.marks)):
            signed_in, page = self.look(visitor, mark=number)
            if signed_in:
                return page
        return None

    def token(self, visitor: Visitor) -> str:
        """What carries this browser's session: its cookies' values, or the bearer token. "" for nothing."""
        return visitor.bearer or "; ".join(visitor.jar.value(name) for name in self.survey.carriers)

    def web_storage(self, visitor: Visitor) -> Mapping[str, str]:
        """What localStorage and sessionStorage held once this browser had signed in, by key.

        Raises NotTestable where no real browser has signed in.
        """
        if visitor.storage is None:
            raise NotTestable("No real browser has signed in (--browser)")
        return visitor.storage

    def with_token(self, visitor: Visitor, values: Sequence[str]) -> Visitor:
        """A twin that carries other values: one for each carrier, or one for the bearer token."""
        twin = visitor.twin()
        if twin.bearer:
            twin.bearer = values[0]
        for name, value in zip(self.survey.carriers, values, strict=False):
            twin.jar = twin.jar.with_value(name, value)
        return twin

    def stolen(self, visitor: Visitor) -> Visitor:
        """A browser that has the session's own cookies and no other: no device cookie, no CSRF cookie."""
        return Visitor(self.network, jar=visitor.jar.only(*self.survey.carriers), bearer=visitor.bearer)

    def sign_out(self, visitor: Visitor) -> Page:
        """Sign out as a person would. Raises NotTestable where no way to sign out was found."""
        if self.survey.logout is None:
            raise NotTestable("No way to sign out was found (`logout` in the profile names it)")
        return self.survey.logout.press(visitor)

    def wait(self, seconds: float) -> None:
        """Let so much time go by. It is not counted as the audit's own time; Ctrl-C ends it like anything else."""
        ends = self.clock.now() + seconds
        self.network.lengthen(seconds)
        while (left := ends - self.clock.now()) > 0:
            self._waits(left)
            self.clock.sleep(min(left, 1.0))

    def await_code(self, account: Account | None = None) -> None:
        """Wait until there is a one-time code that was not sent yet, if any are asked for: each is taken once only."""
        codes = (account or self.profile.account).totp
        while codes is not None and codes.wait:
            self.wait(codes.wait)

    def sign_out_of_all(self, *, again: bool = False) -> int:
        """Sign out of every session begun here; how many may be open still, because the application did not let us.

        Those are not tried `again` after each check, only where it is asked for. Interrupted, it knows all the same
        which are left.
        """
        if again:
            self._begun, self._left = self._left + self._begun, []
        while self._begun:
            if not self._end(self._begun[0]):
                self._left.append(self._begun[0])
            del self._begun[0]
        return len(self._left)

    @property
    def left_open(self) -> int:
        """Sessions begun here that may be open still."""
        return len(self._left) + len(self._begun)

    def known(self, name: str, find: Callable[[], T]) -> T:
        """What several checks want to know, found once: the observed limit, say. An error is not remembered."""
        if name not in self._known:
            self._known[name] = find()
        return self._known[name]  # type: ignore[return-value]

    def _end(self, begun: _Begun) -> bool:
        """Sign out of one; whether nothing opens it any more, as far as anybody can know."""
        browsers = [begun.visitor]
        if begun.kept and self.token(begun.kept) != self.token(begun.visitor):
            browsers.append(begun.kept)
        try:
            for browser in browsers:
                if self.is_signed_in(browser):
                    self.sign_out(browser.twin())  # a twin, for the browser would lose what opens it still
                    if self.is_signed_in(browser):
                        return False
                    begun.lost = False
        except ProbeError:
            return False
        return not begun.lost

    def _judge(self, visitor: Visitor, pages: tuple[Page, ...]) -> Attempt:
        signed_in, cannot_tell = False, None
        try:
            signed_in = self.is_signed_in(visitor)
        except NotTestable as reason:
            cannot_tell = reason
        except Unreachable:
            pass
        if not signed_in:
            found = sign_of_lockout(pages)
            if found:
                raise LockedOut(found)
        if cannot_tell:
            raise cannot_tell
        return Attempt(visitor, pages, signed_in)


def together(works: Sequence[Callable[[], T]]) -> list[T]:
    """Do all at once, each in a thread of its own that waits for all the others; their results in order."""
    if len(works) == 1:
        return [works[0]()]
    barrier = threading.Barrier(len(works))

    def run(work: Callable[[], T]) -> T:
        barrier.wait(timeout=30)
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))
