"""The addresses of the people's site."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path

from tests.browser.site import views

urlpatterns = [
    path("", views.home),
    path("login/", views.RememberingLoginView.as_view(), name="login"),
    path("logout/", auth.LogoutView.as_view(next_page="/"), name="logout"),
    path("report/", views.report),
    path("careful-report/", views.careful_report),
    path("quiet-report/", views.quiet_report),
    path("admin/", admin.site.urls),
    path("sessions/", include("sojourn.contrib.django.urls")),
    path("for-tests/account/", views.account),
    path("for-tests/crowd/", views.crowd),
    path("for-tests/link/", views.link),
]
