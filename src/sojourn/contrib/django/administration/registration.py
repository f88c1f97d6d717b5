"""Which pages there are in an admin site, and where. No form of Django's ever writes one of our records."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db import connections, transaction
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.views.generic import View

from sojourn.contrib.django.administration.dashboard import DashboardView
from sojourn.contrib.django.administration.details import SessionView, SubjectView
from sojourn.contrib.django.administration.ending import EndSelectedView, EndSubjectView, EndView
from sojourn.contrib.django.administration.everybody import EndAllView
from sojourn.contrib.django.administration.listing import ListView
from sojourn.contrib.django.administration.matching import EndMatchingView
from sojourn.contrib.django.administration.pausing import PauseView, ResumeView
from sojourn.contrib.django.administration.permissions import VIEW
from sojourn.contrib.django.models import Session

if TYPE_CHECKING:
    _Base = admin.ModelAdmin[Session]
else:
    _Base = admin.ModelAdmin


class SessionAdmin(_Base):
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
        return [
            self.place("", "changelist", ListView),
            self.place("dashboard/", "dashboard", DashboardView),
            self.place("end/", "end_selected", EndSelectedView),
            self.place("end-matching/", "end_matching", EndMatchingView),
            self.place("end-all/", "end_all", EndAllView),
            self.place("subject/<str:subject>/", "subject", SubjectView),
            self.place("subject/<str:subject>/end/", "end_subject", EndSubjectView),
            self.place("subject/<str:subject>/pause/", "pause", PauseView),
            self.place("subject/<str:subject>/resume/", "resume", ResumeView),
            self.place("<str:sid>/change/", "change", SessionView),
            self.place("<str:sid>/end/", "end", EndView),
        ]

    def place(self, route: str, name: str, view: type[View]) -> URLPattern:
        """One page of this site, for its staff only."""
        made = view.as_view(admin_site=self.admin_site)
        # Each user's sessions end in a transaction of their own: nobody waits for the last of many, and what has ended
        # stays so whatever comes after it.
        for alias in connections:
            made = transaction.non_atomic_requests(using=alias)(made)
        return path(route, self.admin_site.admin_view(made), name=f"sojourn_session_{name}")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002  # Django's signature
        """Whether the sessions are shown in the index of the admin."""
        return request.user.has_perm(VIEW)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002  # Django's signature
        """Never: sessions begin with a sign-in."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002  # Django's signature
        """Never: a limit holds because every change is made while the subject is locked."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002  # Django's signature
        """Never: what ended is forgotten when its time has come, by `manage.py sojourn purge`."""
        return False
