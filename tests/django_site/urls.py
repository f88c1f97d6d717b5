"""The test site's addresses."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path

from tests.django_site import views

urlpatterns = [
    path("admin/", admin.site.urls),
    path("login/", auth.LoginView.as_view(), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("sessions/", include("sojourn.contrib.django.urls")),
    path("whoami/", views.whoami),
    path("plain/", views.plain),
    path("private/", views.private),
    path("remember/", views.remember),
    path("custom-login/", views.custom_login),
    path("swallowing-login/", views.swallowing_login),
    path("async-login/", views.async_login),
    path("crashing-login/", views.crashing_login),
]
