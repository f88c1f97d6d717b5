"""Sojourn's pages: `path("sessions/", include("sojourn.contrib.django.urls"))`."""

from django.urls import path

from sojourn.contrib.django import choosing, ending, signing_out, timeout, views
from sojourn.contrib.django.internal.passive import QUESTION

app_name = "sojourn"
urlpatterns = [
    path("", views.SessionsView.as_view(), name="sessions"),
    path("end/<str:sid>/", ending.EndView.as_view(), name="end"),
    path("end-others/", ending.EndOthersView.as_view(), name="end_others"),
    path("choose/", choosing.ChooseView.as_view(), name="choose"),
    path(QUESTION, timeout.TimeoutView.as_view(), name="timeout"),
    path("sign-out/", signing_out.SignOutView.as_view(), name="sign_out"),
    path("signed-out/", signing_out.SignedOutView.as_view(), name="signed_out"),
]
