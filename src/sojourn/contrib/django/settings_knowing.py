"""The settings of devices, places and addresses. See `sojourn.contrib.django.settings`."""

from dataclasses import dataclass

from sojourn.contrib.django.limits import parse_familiarity
from sojourn.contrib.django.setting import setting
from sojourn.contrib.django.settings_telling import Telling
from sojourn.contrib.django.values import address_precision, databases
from sojourn.core.policy import Familiarity
from sojourn.core.timeouts import parse_duration


@dataclass(frozen=True, slots=True)
class Knowing(Telling):
    """What is known of where sign-ins come from, and for how long."""

    FAMILIARITY: Familiarity = setting(  # noqa: RUF009  # it makes a field, as dataclasses.field does
        parse_familiarity,
        'What is unusual about a sign-in: a dict. `new_place`: "country", or "distance" for whatever is farther than '
        "`distance_km` from everywhere before; what is nearer is no journey either. `travel_kmh`: two sign-ins that "
        "nobody could travel between so fast are marked. Devices and places are forgotten that were not used for "
        "DEVICE_COOKIE_AGE.",
        default=Familiarity(),
        example='{"new_place": "distance", "distance_km": 300, "travel_kmh": 1000}',
    )
    GEOIP_DATABASES: tuple[str, ...] = setting(
        databases,
        "Paths of databases in MaxMind's format that tell where an address is: of cities or countries, and of networks "
        "(ASN). Without any, every place is unknown. Needs the extra geoip.",
        default=(),
        example='["/var/lib/GeoIP/GeoLite2-City.mmdb", "/var/lib/GeoIP/GeoLite2-ASN.mmdb"]',
    )
    ADDRESS_PRECISION: str = setting(
        address_precision,
        "How much of a network address is kept: full, network (192.0.2.0/24, 2001:db8:1::/48) or none. The place is "
        "looked up before.",
        default="full",
        example='"network"',
    )
    ADDRESS_RETENTION: int | None = setting(
        parse_duration,
        "How long after a session's end its network address is kept, where RETENTION is too long for it; and how long "
        "those of sign-ins are, admitted or refused. `manage.py sojourn purge` takes them away.",
        default=None,
        example='"7d"',
    )
