"""Sojourn's pages: `path("sessions/", include("sojourn.contrib.django.urls"))`."""

from django.urls import path

from sojourn.contrib.django import choosing, ending, views

app_name = "sojourn"
urlpatterns = [
    path("", views.SessionsView.as_view(), name="sessions"),
    path("end/<str:sid>/", ending.EndView.as_view(), name="end"),
    path("end-others/", ending.EndOthersView.as_view(), name="end_others"),
    path("choose/", choosing.ChooseView.as_view(), name="choose"),
    path("sign-out/", views.SignOutView.as_view(), name="sign_out"),
]
