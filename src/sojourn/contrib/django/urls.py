"""Sojourn's pages: `path("sessions/", include("sojourn.contrib.django.urls"))`."""

from django.urls import path

from sojourn.contrib.django import api, api_devices, choosing, devices, ending, live, signing_out, timeout, views
from sojourn.contrib.django.internal.installed import require_application
from sojourn.contrib.django.internal.passive import LIVE, QUESTION
from sojourn.contrib.django.notices.asking import ConfirmView, DisownView
from sojourn.contrib.django.notices.views import NotMeView

require_application("sojourn.contrib.django.urls")

app_name = "sojourn"
urlpatterns = [
    path("", views.SessionsView.as_view(), name="sessions"),
    path("name/<str:sid>/", views.NameView.as_view(), name="name"),
    path("end/<str:sid>/", ending.EndView.as_view(), name="end"),
    path("end-others/", ending.EndOthersView.as_view(), name="end_others"),
    path("not-me/", NotMeView.as_view(), name="not_me"),
    path("it-was-me/<str:sid>/", ConfirmView.as_view(), name="confirm"),
    path("it-was-not-me/<str:sid>/", DisownView.as_view(), name="disown"),
    path("devices/<str:device>/trust/", devices.TrustView.as_view(), name="trust_device"),
    path("devices/<str:device>/distrust/", devices.DistrustView.as_view(), name="distrust_device"),
    path("devices/<str:device>/forget/", devices.ForgetView.as_view(), name="forget_device"),
    path("devices/<str:device>/name/", devices.NameDeviceView.as_view(), name="name_device"),
    path("notices/<str:kind>/mute/", devices.MuteView.as_view(), name="mute"),
    path("notices/<str:kind>/unmute/", devices.UnmuteView.as_view(), name="unmute"),
    path("choose/", choosing.ChooseView.as_view(), name="choose"),
    path(QUESTION, timeout.TimeoutView.as_view(), name="timeout"),
    path(LIVE, live.LiveView.as_view(), name="live"),
    path("sign-out/", signing_out.SignOutView.as_view(), name="sign_out"),
    path("signed-out/", signing_out.SignedOutView.as_view(), name="signed_out"),
    path("api/", api.ListView.as_view(), name="api"),
    path("api/end/", api.EndView.as_view(), name="api_end"),
    path("api/end-others/", api.EndOthersView.as_view(), name="api_end_others"),
    path("api/name/", api.NameView.as_view(), name="api_name"),
    path("api/confirm/", api.ConfirmView.as_view(), name="api_confirm"),
    path("api/disown/", api.DisownView.as_view(), name="api_disown"),
    path("api/devices/name/", api_devices.NameView.as_view(), name="api_name_device"),
    path("api/devices/trust/", api_devices.TrustView.as_view(), name="api_trust_device"),
    path("api/devices/forget/", api_devices.ForgetView.as_view(), name="api_forget_device"),
    path("api/notices/mute/", api_devices.MuteView.as_view(), name="api_mute"),
    path("api/reauthenticate/", api.ReauthenticateView.as_view(), name="api_reauthenticate"),
    path("api/sign-out/", api.SignOutView.as_view(), name="api_sign_out"),
    path("api/openapi.json", api.DescriptionView.as_view(), name="api_description"),
]
