"""What users say of their devices and notices on their own pages: trusted, named, forgotten; told, or not."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext

from sojourn.contrib.django.forms import DeviceNameForm
from sojourn.contrib.django.internal.wiring import control
from sojourn.contrib.django.presentation import DeviceItem
from sojourn.contrib.django.proving import ProvedView
from sojourn.contrib.django.views import NOTICE, OwnSessionView
from sojourn.contrib.django.wording import MUTABLE_NOTICES
from sojourn.core.records import clean_text


def known_device(view: OwnSessionView) -> DeviceItem:
    """The device that the address names. Raises Http404 if the user knows no such device."""
    profile = control().store.roster(view.session.subject).profile
    items = DeviceItem.all_of(profile, view.session.device.digest)
    found = next((item for item in items if item.device == view.kwargs["device"]), None)
    if found is None:
        raise Http404
    return found


def called(item: DeviceItem) -> str:
    """What to call a device in the middle of a sentence."""
    return item.name or item.device_label or gettext("an unknown device")


class TrustView(ProvedView):
    """Trusts a device: a sign-in on it is no news any more. Asks who it is: a thief would trust their own."""

    def what(self) -> str:
        """What will be done, in a sentence."""
        text = gettext(
            "You will trust %(device)s: you are not told any more when you sign in there while signed in elsewhere."
        )
        return text % {"device": called(known_device(self))}

    def act(self) -> str:
        """Trust it."""
        item = known_device(self)
        control().trust_device(self.session.subject, item.device)
        return gettext("You trust %(device)s from now on.") % {"device": called(item)}


class PostView(OwnSessionView):
    """Does something that needs no further proof: it makes the account no less safe."""

    def get(self, _: HttpRequest, **__: str) -> HttpResponse:
        """Nothing is done by following a link: go to the page with the buttons."""
        return redirect("sojourn:sessions")

    def done(self, request: HttpRequest, text: str) -> HttpResponse:
        """Say what was done on the page with the buttons."""
        request.session[NOTICE] = text
        return redirect("sojourn:sessions")


class DistrustView(PostView):
    """Trusts a device no longer."""

    def post(self, request: HttpRequest, **_: str) -> HttpResponse:
        """Do so."""
        item = known_device(self)
        control().trust_device(self.session.subject, item.device, trusted=False)
        return self.done(request, gettext("You do not trust %(device)s any more.") % {"device": called(item)})


class ForgetView(PostView):
    """Forgets a device."""

    def post(self, request: HttpRequest, **_: str) -> HttpResponse:
        """Do so: the next sign-in on it is one on a new device."""
        item = known_device(self)
        control().forget_device(self.session.subject, item.device)
        text = gettext(
            "%(device)s was forgotten. Sessions that are open there go on; the next sign-in there counts as "
            "one on a new device."
        )
        return self.done(request, text % {"device": called(item)})


class NameDeviceView(PostView):
    """Names a device, whether or not a session is open on it."""

    def post(self, request: HttpRequest, **_: str) -> HttpResponse:
        """Name it; an empty name takes the name away."""
        item, form = known_device(self), DeviceNameForm(request.POST)
        if not form.is_valid():
            return self.done(request, str(form.errors["name"][0]))
        name = clean_text(form.cleaned_data["name"])
        control().name_known_device(self.session.subject, item.device, name)
        if not name:
            return self.done(request, gettext("The name of the device was taken away."))
        return self.done(request, gettext("The device is called “%(name)s” from now on.") % {"name": name})


def _muted(view: OwnSessionView, *, silent: bool) -> None:
    """Note whether the kind of notice that the address names is wanted."""
    subject, kind = view.session.subject, view.kwargs["kind"]
    control().mute(subject, (control().store.roster(subject).profile.muted | {kind}) - (set() if silent else {kind}))


class MuteView(ProvedView):
    """Silences a kind of notice. Asks who it is: a thief would."""

    def what(self) -> str:
        """What will be done, in a sentence. Raises Http404 for what cannot be silenced."""
        if self.kwargs["kind"] not in MUTABLE_NOTICES:
            raise Http404
        return gettext("You will not be told any more of this: %(what)s") % {
            "what": MUTABLE_NOTICES[self.kwargs["kind"]]
        }

    def act(self) -> str:
        """Note it."""
        _muted(self, silent=True)
        return gettext("You will not be told of this any more.")


class UnmuteView(PostView):
    """Wants a kind of notice again."""

    def post(self, request: HttpRequest, **_: str) -> HttpResponse:
        """Note it."""
        if self.kwargs["kind"] not in MUTABLE_NOTICES:
            raise Http404
        _muted(self, silent=False)
        return self.done(request, gettext("You will be told of this again."))
