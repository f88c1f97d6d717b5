"""What a user calls their devices."""

from collections.abc import Mapping

from sojourn.contrib.django.internal.wiring import control


def names_of(subject: str) -> Mapping[str, str]:
    """What the subject calls their devices, by the device's digest. One read; raises StoreError."""
    return control().store.roster(subject).profile.device_names
