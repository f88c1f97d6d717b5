"""One Django with three ways to sign in, each as it comes out of the box: its admin, its `LoginView`, allauth.

And a fourth, with the check of other sessions that is copied from place to place, and finds none.

Run as a program it serves them until its input ends: settings are a process's own.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.patients.plain import PASSWORD, USER
from tests.patients.processes import ROOT, serving_process
from tests.patients.serving import Site, serving

LOGINS = {"admin": "/admin/login/", "LoginView": "/accounts/login/", "allauth": "/allauth/login/"}
"""Where each of them is."""
COPIED = "/copied/login/"
"""Where one signs in that looks for other sessions of the user, and looks up the requester's own."""

_TEMPLATES = {
    "registration/login.html": (
        "<form method='post'>{% csrf_token %}{{ form.as_p }}<input type='submit' value='Log in'>"
        "<input type='hidden' name='next' value='{{ next }}'></form>"
    ),
    "home.html": "<h1>Welcome</h1>{% for message in messages %}<p>{{ message }}</p>{% endfor %}",
    "report.html": (
        "<h1>The report of {{ user.username }}</h1><form method='post' action='{% url 'logout' %}'>{% csrf_token %}"
        "<button>Log out</button></form>"
    ),
}


@contextmanager
def django_logins() -> Iterator[Site]:
    """Serve it."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("DJANGO_")}
    with serving_process([sys.executable, "-m", __name__], env={**environment, "PYTHONPATH": str(ROOT)}) as site:
        yield site


def _configure(folder: Path) -> None:
    from django.conf import settings

    settings.configure(
        ALLOWED_HOSTS=["localhost"],
        SECRET_KEY="of a patient",
        ROOT_URLCONF=__name__,
        USE_TZ=True,
        LOGIN_REDIRECT_URL="/report/",
        STATIC_URL="/static/",
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "site.sqlite3"}},
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend",
        ACCOUNT_ADAPTER=f"{__name__}.adapter",
        ACCOUNT_EMAIL_VERIFICATION="none",
        ACCOUNT_RATE_LIMITS=False,  # thirty sign-ins a minute, which an audit may reach or not
        INSTALLED_APPS=[
            "django.contrib.admin",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.messages",
            "django.contrib.sessions",
            "django.contrib.staticfiles",
            "allauth",
            "allauth.account",
        ],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "allauth.account.middleware.AccountMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "loaders": [
                        ("django.template.loaders.locmem.Loader", _TEMPLATES),
                        "django.template.loaders.app_directories.Loader",
                    ],
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ],
                },
            }
        ],
    )


def adapter(request: object) -> object:
    """allauth's own, but that it leads to a page of allauth's, whose way out is a link to a question."""
    from allauth.account.adapter import DefaultAccountAdapter

    class Adapter(DefaultAccountAdapter):
        def get_login_redirect_url(self, request: object) -> str:
            return "/allauth/email/"

    return Adapter(request)


def copied() -> type:
    """The login view that is held for compliant: `session_key` is that of the browser which asks, and of no other."""
    from django.contrib.auth.views import LoginView
    from django.contrib.sessions.models import Session
    from django.http import HttpResponse
    from django.utils import timezone

    class CopiedLoginView(LoginView):
        def form_valid(self, form: object) -> HttpResponse:
            key = self.request.session.session_key
            if key and Session.objects.filter(session_key=key, expire_date__gt=timezone.now()).exists():
                return HttpResponse("You are already signed in elsewhere", status=409)
            return super().form_valid(form)  # type: ignore[arg-type]

    return CopiedLoginView


def __getattr__(name: str) -> object:
    if name != "urlpatterns":
        raise AttributeError(name)
    from django.contrib import admin
    from django.contrib.auth.decorators import login_required
    from django.urls import include, path
    from django.views.generic import TemplateView

    return [
        path("", TemplateView.as_view(template_name="home.html")),
        path("admin/", admin.site.urls),
        path("accounts/", include("django.contrib.auth.urls")),
        path("allauth/", include("allauth.account.urls")),
        path(COPIED.removeprefix("/"), copied().as_view()),
        path("report/", login_required(TemplateView.as_view(template_name="report.html"))),
    ]


def _serve() -> None:
    with tempfile.TemporaryDirectory() as folder:
        _configure(Path(folder))
        import django
        from django.contrib.auth import get_user_model
        from django.core.management import call_command
        from django.core.wsgi import get_wsgi_application

        django.setup()
        call_command("migrate", verbosity=0)
        get_user_model().objects.create_superuser(USER, "ann@example.com", PASSWORD)
        with serving(get_wsgi_application()) as site:
            print(site.url, site.http, site.ca, flush=True)
            sys.stdin.read()


if __name__ == "__main__":
    sys.modules["tests.patients.django_logins"] = sys.modules[__name__]
    __name__ = "tests.patients.django_logins"
    _serve()
