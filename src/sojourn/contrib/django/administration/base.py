"""What every page in the admin is: for whom, in which site, and in which frame."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.generic import View

from sojourn.contrib.django.administration.permissions import END, END_ALL, PAUSE, VIEW
from sojourn.contrib.django.administration.rows import Row, rows_of
from sojourn.contrib.django.internal.wiring import control
from sojourn.core.errors import InvalidSubject
from sojourn.core.tokens import check_subject, is_sid


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
        response = super().dispatch(request, *args, **kwargs)
        response.headers.setdefault("X-Frame-Options", "DENY")
        response.headers.setdefault("Referrer-Policy", "same-origin")  # subjects stand in addresses
        return response

    def page(self, name: str, title: str, context: dict[str, object], status: int = 200) -> TemplateResponse:
        """A page of ours in the frame of the admin site."""
        frame = self.admin_site.each_context(self.request)
        return TemplateResponse(
            self.request,
            f"sojourn/administration/{name}.html",
            {**frame, "title": title, "may": self.may(), **context},
            status=status,
        )

    def url(self, name: str, *key: str) -> str:
        """Where a page of ours is in this admin site; `key` is a sid or a subject."""
        args = [quote(each) for each in key]
        return reverse(f"admin:sojourn_session_{name}", args=args, current_app=self.admin_site.name)

    def session_row(self) -> Row:
        """The session that the address names. Raises Http404."""
        sid = unquote(self.kwargs["sid"])
        found = control().store.find(sid) if is_sid(sid) else None
        if found is None:
            raise Http404
        return rows_of(self.request, [found])[0]

    def subject_named(self) -> str:
        """The subject that the address names, known or not. Raises Http404 for what can be none."""
        try:
            return check_subject(unquote(self.kwargs["subject"]))
        except InvalidSubject:
            raise Http404 from None

    def may(self) -> dict[str, bool]:
        """Which buttons are of use to whoever looks at the page."""
        user = self.request.user
        return {
            "end": user.has_perm(END),
            "end_all": user.has_perms((END, END_ALL)),
            "pause": user.has_perm(PAUSE),
        }
