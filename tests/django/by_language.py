"""Addresses of a site that puts the language before them."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import path

from tests.django_site import views

urlpatterns = i18n_patterns(path("login/", views.custom_login))
