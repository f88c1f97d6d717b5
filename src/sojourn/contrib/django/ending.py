"""Ending other sessions of one's own: the buttons, and the page that asks who is pressing them."""

from abc import ABC, abstractmethod

from django.http import Http404
from django.utils.translation import gettext, ngettext

from sojourn.contrib.django.internal.names import names_of
from sojourn.contrib.django.internal.overview import find_own
from sojourn.contrib.django.internal.wiring import control
from sojourn.contrib.django.presentation import device_name
from sojourn.contrib.django.proving import ProvedView
from sojourn.core.records import EndReason, Session


class EndingView(ProvedView, ABC):
    """Ends other sessions of one's own."""

    @abstractmethod
    def end(self) -> int:
        """End it; how many sessions ended."""

    def act(self) -> str:
        """End it; how many sessions ended, in a sentence."""
        count = self.end()
        return ngettext("%(count)d session was ended.", "%(count)d sessions were ended.", count) % {"count": count}


class EndView(EndingView):
    """Ends one other session of one's own. Somebody else's is not there."""

    def what(self) -> str:
        """What will be ended, in a sentence."""
        target = self._target()
        device = device_name(target.device, names_of(target.subject))
        return gettext("Your session on %(device)s will be ended.") % {"device": device}

    def end(self) -> int:
        """End it; 0 if it is over already."""
        target = self._target()
        return len(control().end(target.subject, [target.sid], EndReason.REVOKED, by=self.session.sid))

    def _target(self) -> Session:
        target = find_own(self.session, self.kwargs["sid"])
        if target is None:
            raise Http404
        return target


class EndOthersView(EndingView):
    """Ends all of one's own sessions but this one."""

    def what(self) -> str:
        """What will be ended, in a sentence."""
        return gettext("All your other sessions will be ended. This one stays.")

    def end(self) -> int:
        """End them."""
        mine = self.session
        return len(control().end(mine.subject, None, EndReason.REVOKED, by=mine.sid, spare=mine.sid))
