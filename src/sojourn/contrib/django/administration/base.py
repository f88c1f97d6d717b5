"""What every page in the admin is: for whom, in which site, and in which frame."""

from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.views.generic import View

VIEW, END, END_ALL, PAUSE = (
    "sojourn.view_session",
    "sojourn.end_session",
    "sojourn.end_all_sessions",
    "sojourn.pause_subject",
)
"""The permissions; see `sojourn.contrib.django.models`."""


class AdministrationView(View):
    """A page for staff who have all of the permissions `needs`, whatever the method; a 403 for anybody else.

    The admin site has sent away whoever is no member of staff before it comes here.
    """

    admin_site: admin.AdminSite = admin.site
    needs: ClassVar[tuple[str, ...]] = (VIEW,)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Go on, if the permissions are there. Raises PermissionDenied."""
        if not all(request.user.has_perm(permission) for permission in self.needs):
            raise PermissionDenied
        request.current_app = self.admin_site.name  # where `{% url %}` looks for it
        return super().dispatch(request, *args, **kwargs)

    def page(self, name: str, title: str, context: dict[str, object], status: int = 200) -> TemplateResponse:
        """A page of ours in the frame of the admin site."""
        frame = self.admin_site.each_context(self.request)
        return TemplateResponse(
            self.request,
            f"sojourn/administration/{name}.html",
            {**frame, "title": title, "may": self.may(), **context},
            status=status,
        )

    def may(self) -> dict[str, bool]:
        """Which buttons are of use to whoever looks at the page."""
        user = self.request.user
        return {
            "end": user.has_perm(END),
            "end_all": user.has_perms((END, END_ALL)),
            "pause": user.has_perm(PAUSE),
        }
