"""Which pages there are in an admin site, and where. No form of Django's ever writes one of our records."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.views.generic import View

from sojourn.contrib.django.administration.base import VIEW
from sojourn.contrib.django.administration.dashboard import DashboardView
from sojourn.contrib.django.models import Session


class SessionAdmin(admin.ModelAdmin[Session]):
    """The place of sessions in an admin site. The model only gives it its name: all is read from the store."""

    # admin:sojourn_session_changelist      the list, with its search
    # admin:sojourn_session_dashboard       sojourn.contrib.django.administration.dashboard.DashboardView
    # admin:sojourn_session_change          one session (quoted sid)
    # admin:sojourn_session_end             end one session
    # admin:sojourn_session_end_selected    end those that are checked in the list
    # admin:sojourn_session_end_matching    end all that the search finds
    # admin:sojourn_session_end_all         end every session there is
    # admin:sojourn_session_subject         one user (quoted subject)
    # admin:sojourn_session_end_subject     end all sessions of one user
    # admin:sojourn_session_pause, _resume  keep one user from signing in, and let them again

    def get_urls(self) -> list[URLPattern]:
        """Our pages, in place of Django's forms."""
        return [self.place("dashboard/", "dashboard", DashboardView)]

    def place(self, route: str, name: str, view: type[View]) -> URLPattern:
        """One page of this site, for its staff only."""
        made = view.as_view(admin_site=self.admin_site)
        return path(route, self.admin_site.admin_view(made), name=f"sojourn_session_{name}")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Whether the sessions are shown in the index of the admin."""
        return request.user.has_perm(VIEW)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Never: sessions begin with a sign-in."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Never: a limit holds because every change is made while the subject is locked."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Never: what ended is forgotten when its time has come, by `manage.py sojourn purge`."""
        return False
