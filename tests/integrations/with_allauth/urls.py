"""The site's addresses, and allauth's."""

from django.urls import include, path

from tests.django_site.urls import urlpatterns as site

urlpatterns = [
    *site,
    path("accounts/", include("allauth.urls")),
    path("_allauth/", include("allauth.headless.urls")),
]
