"""The forms that ask for something: the password, once more, and a name for a device."""

from django import forms
from django.utils.translation import gettext_lazy as _

from sojourn.core.records import NAME_MAX


class PasswordForm(forms.Form):
    """Asks somebody who is signed in for their password again."""

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=4096,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class DeviceNameForm(forms.Form):
    """Asks what to call a device. An empty name takes the name away."""

    name = forms.CharField(label=_("Name of the device"), required=False, max_length=NAME_MAX)
