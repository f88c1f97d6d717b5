"""The site's addresses, and django-hijack's."""

from django.urls import include, path

from tests.django_site.urls import urlpatterns as site

urlpatterns = [*site, path("hijack/", include("hijack.urls"))]
