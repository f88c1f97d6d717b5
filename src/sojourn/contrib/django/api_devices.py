"""Devices and notices as JSON: what the pages can do, for applications in the browser. See `api`."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from sojourn.contrib.django.api import ApiView, Stopped, body_of
from sojourn.contrib.django.internal.wiring import control
from sojourn.core.records import NAME_MAX, clean_text
from sojourn.core.wishes import MUTABLE
from sojourn.web import problems
from sojourn.web.sessions import devices_json


class DeviceView(ApiView):
    """What is done to one device that the user knows."""

    def devices(self, *, found: bool) -> HttpResponse:
        """All the user's devices as they are now; 404 if the one that was meant is none of them."""
        if not found:
            raise Stopped(problems.not_found_problem())
        profile = control().store.roster(self.session.subject).profile
        return JsonResponse({"devices": devices_json(profile, self.session.device.digest)})


class NameView(DeviceView):
    """Names a device, whether or not a session is open on it."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Name it; an empty name takes the name away."""
        body = body_of(request, "device", "name")
        name = body["name"]
        if not isinstance(name, str) or len(name) > NAME_MAX:
            detail = f"A text of at most {NAME_MAX} characters is needed."
            raise Stopped(problems.invalid_request_problem(detail, "/name"))
        device, name = str(body["device"]), clean_text(name)
        return self.devices(found=control().name_known_device(self.session.subject, device, name))


class TrustView(DeviceView):
    """Trusts a device, or no longer."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Do so. To trust one asks for a recent proof: a thief would trust their own."""
        body = body_of(request, "device", "trusted")
        device, trusted = str(body["device"]), body["trusted"]
        if not isinstance(trusted, bool):
            raise Stopped(problems.invalid_request_problem("True or false is needed.", "/trusted"))
        if trusted:
            self.prove()
        return self.devices(found=control().trust_device(self.session.subject, device, trusted=trusted))


class ForgetView(DeviceView):
    """Forgets a device."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Do so: the next sign-in on it is one on a new device."""
        device = str(body_of(request, "device")["device"])
        return self.devices(found=control().forget_device(self.session.subject, device))


class MuteView(ApiView):
    """Says which notices the user does not want."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Note it: these kinds, and no others. To silence one more asks for a recent proof."""
        kinds = body_of(request, "muted")["muted"]
        if not isinstance(kinds, list) or not all(isinstance(kind, str) and kind in MUTABLE for kind in kinds):
            detail = f"A list out of {', '.join(sorted(MUTABLE))} is needed."
            raise Stopped(problems.invalid_request_problem(detail, "/muted"))
        if set(kinds) - control().store.roster(self.session.subject).profile.muted:
            self.prove()
        return JsonResponse({"muted": sorted(control().mute(self.session.subject, kinds))})
