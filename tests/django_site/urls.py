"""The test site's addresses."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path

from tests.django_site import views

urlpatterns = [
    path("admin/", admin.site.urls),
    path("login/", auth.LoginView.as_view(), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("password/", auth.PasswordChangeView.as_view(success_url="/plain/"), name="password_change"),
    path(
        "reset/<uidb64>/<token>/",
        auth.PasswordResetConfirmView.as_view(post_reset_login=True, success_url="/private/"),
        name="password_reset_confirm",
    ),
    path("sessions/", include("sojourn.contrib.django.urls")),
    path("whoami/", views.whoami),
    path("async-whoami/", views.async_whoami),
    path("plain/", views.plain),
    path("data/", views.data),
    path("private/", views.private),
    path("cached/", views.cached),
    path("slow/", views.slow),
    path("remember/", views.remember),
    path("custom-login/", views.custom_login),
    path("swallowing-login/", views.swallowing_login),
    path("atomic-login/", views.atomic_login),
    path("async-login/", views.async_login),
    path("remembering-login/", views.remembering_login),
    path("double-login/", views.double_login),
    path("fleeting-login/", views.fleeting_login),
    path("crashing-login/", views.crashing_login),
    path("failing-login/", views.failing_login),
    path("crash/", views.crash),
    path("function-logout/", views.function_logout),
    path("flushing-logout/", views.flushing_logout),
    path("crashing-logout/", views.crashing_logout),
    path("async-logout/", views.async_logout),
    path("own-password/", views.own_password),
    path("prove/", views.prove),
    path("crashing-password/", views.crashing_password),
]
