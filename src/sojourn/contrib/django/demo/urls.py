"""The demonstration's addresses: a site's own pages, Django's admin, and Sojourn's pages under /sessions/."""

from django.contrib import admin
from django.contrib.auth.views import LoginView
from django.urls import include, path

from sojourn.contrib.django.demo import views

# Django's own view, which would otherwise call the site by its address.
SIGN_IN = LoginView.as_view(template_name="sojourn_demo/sign_in.html", extra_context={"site_name": views.SITE_NAME})

urlpatterns = [
    path("", views.FrontView.as_view(), name="front"),
    path("limit/", views.LimitView.as_view(), name="limit"),
    path("private/", views.PrivateView.as_view(), name="private"),
    path("sign-in/", SIGN_IN, name="sign_in"),
    path("mails/", views.MailsView.as_view(), name="mails"),
    path("mails/<str:name>/", views.MailView.as_view(), name="mail"),
    path("sessions/", include("sojourn.contrib.django.urls")),
    path("admin/", admin.site.urls),
]
