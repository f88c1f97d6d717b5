"""Where an address is, as far as the demonstration knows: how an adapter is written."""

import ipaddress

from sojourn.contrib.django.adapter import Adapter


class DemoAdapter(Adapter):
    """Answers Sojourn's questions as by default, but for the place."""

    def place(self, address: str) -> str:
        """Knows one place only."""
        return "This machine" if address and ipaddress.ip_address(address).is_loopback else ""
