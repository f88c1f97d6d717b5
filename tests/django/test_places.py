"""Where an address is, by databases in MaxMind's format that are made here; and what a sign-in is told of it."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from sojourn.contrib.django.checks.security import check_address_retention, check_places
from sojourn.contrib.django.internal.wiring import control
from sojourn.contrib.django.settings import read
from sojourn.core.records import Location
from sojourn.core.search import EventQuery
from sojourn.web.client import shortened
from sojourn.web.places import LOOK_EVERY, Places
from tests.django.browser import Browser, open_sessions

if TYPE_CHECKING:
    from sojourn.testing.clock import FakeClock

ZURICH, SYDNEY, ALPS, BERLIN = "81.2.69.1", "1.128.0.7", "80.2.3.4", "2a02:d000::1"
_NAMES = {"en": "Switzerland", "de": "Schweiz"}


def city(code: str, names: dict[str, str], town: str, latitude: float, longitude: float, radius: int) -> dict[str, Any]:
    """A record as a City database has it."""
    return {
        "country": {"iso_code": code, "names": names},
        **({"city": {"names": {"en": town}}, "subdivisions": [{"names": {"en": f"{town} region"}}]} if town else {}),
        "location": {"latitude": latitude, "longitude": longitude, "accuracy_radius": radius},
    }


def write(path: Path, records: dict[str, Any], kind: str = "GeoLite2-City") -> Path:
    """A database of these networks, moved to `path` as `geoipupdate` does."""
    writer = MMDBWriter(6, kind, ipv4_compatible=True, languages=["en", "de"])
    for network, record in records.items():
        writer.insert_network(IPSet([network]), record)
    new = path.with_suffix(".new")
    writer.to_db_file(str(new))
    return Path(shutil.move(new, path))


@pytest.fixture
def cities(tmp_path: Path) -> Path:
    return write(
        tmp_path / "city.mmdb",
        {
            "81.2.69.0/24": city("CH", _NAMES, "Zürich", 47.3769, 8.5417, 20),
            "80.2.3.0/24": city("CH", _NAMES, "", 47.0, 8.0, 1000),
            "1.128.0.0/16": city("AU", {"en": "Australia", "de": "Australien"}, "Sydney", -33.8688, 151.2093, 50),
            "2a02:d000::/29": city("DE", {"en": "Germany"}, "Berlin", 52.52, 13.405, 10),
            "10.0.0.0/8": city("CH", _NAMES, "Nowhere", 1.0, 1.0, 1),
            "93.184.216.0/24": {"country": "not as it should be", "location": [1]},
        },
    )


@pytest.fixture
def networks(tmp_path: Path) -> Path:
    facts = {"autonomous_system_number": 64500, "autonomous_system_organization": "Example Networks"}
    return write(tmp_path / "asn.mmdb", {"81.2.69.0/24": facts}, "GeoLite2-ASN")


class TestPlaces:
    """The reader."""

    def test_all_databases_together_tell_where_an_address_is(self, cities: Path, networks: Path) -> None:
        found = Places([cities, networks]).locate(ZURICH)
        assert found == Location("CH", "Zürich region", "Zürich", 47.3769, 8.5417, "AS64500 Example Networks")

    def test_it_knows_both_kinds_of_addresses(self, cities: Path) -> None:
        assert Places([cities]).locate(BERLIN).city == "Berlin"

    def test_the_middle_of_a_country_is_no_coordinate(self, cities: Path) -> None:
        assert Places([cities]).locate(ALPS) == Location("CH")

    @pytest.mark.parametrize(
        "address", ["", "10.1.2.3", "127.0.0.1", "::1", "fe80::1", "192.0.2.1", "203.0.113.9", "8.8.8.8", "no address"]
    )
    def test_what_is_private_or_unknown_is_an_unknown_place(self, cities: Path, address: str) -> None:
        assert Places([cities]).locate(address) == Location()

    def test_a_record_of_another_kind_is_an_unknown_place(self, cities: Path) -> None:
        assert Places([cities]).locate("93.184.216.34") == Location()

    @pytest.mark.parametrize(
        ("language", "text"),
        [("en", "Zürich, Switzerland"), ("de-ch", "Zürich, Schweiz"), ("fr", "Zürich, Switzerland")],
    )
    def test_a_place_is_read_in_the_language_of_the_site(self, cities: Path, language: str, text: str) -> None:
        found = Places([cities], language)
        assert found.text(found.locate(ZURICH)) == text
        assert found.text(Location()) == ""
        assert found.text(Location("FR")) == "FR"

    def test_a_new_file_is_read_and_a_missing_or_damaged_one_leaves_the_old(
        self, cities: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        now = [0.0]
        places = Places([cities], clock=lambda: now[0])
        assert places.locate(SYDNEY).city == "Sydney"
        write(cities, {"1.128.0.0/16": city("AU", {}, "Perth", -31.95, 115.86, 10)})
        assert places.locate(SYDNEY).city == "Sydney", "it is not looked at with every sign-in"
        now[0] += LOOK_EVERY
        assert places.locate(SYDNEY).city == "Perth"
        damaged = cities.with_suffix(".damaged")
        damaged.write_bytes(b"this is no database" * 100)
        damaged.replace(cities)
        now[0] += LOOK_EVERY
        assert places.locate(SYDNEY).city == "Perth"
        cities.unlink()
        now[0] += LOOK_EVERY
        assert places.locate(SYDNEY).city == "Perth"
        assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2

    @pytest.mark.parametrize("damage", [0x00, 0x41, 0xEA, 0xFF])
    def test_no_damaged_byte_keeps_anybody_from_signing_in(self, cities: Path, tmp_path: Path, damage: int) -> None:
        whole, path = cities.read_bytes(), tmp_path / "damaged.mmdb"
        for place in range(0, len(whole), 3):
            path.write_bytes(whole[:place] + bytes([damage]) + whole[place + 1 :])
            places = Places([path])
            assert isinstance(places.text(places.locate("81.2.69.160")), str)

    @pytest.mark.parametrize(
        "record",
        [
            {"country": {"iso_code": "GB", "names": {"en": "UK"}}, "location": {"latitude": 95.0, "longitude": 0.0}},
            {"country": {"iso_code": "GB", "names": {"en": 7}}},
        ],
        ids=["beyond the pole", "a country called by a number"],
    )
    def test_a_record_of_nonsense_keeps_nobody_from_signing_in(self, tmp_path: Path, record: Any) -> None:
        places = Places([write(tmp_path / "nonsense.mmdb", {"81.2.69.0/24": record})])
        assert isinstance(places.text(places.locate("81.2.69.160")), str)

    def test_a_file_that_is_not_there_yet_is_read_once_it_is(self, tmp_path: Path) -> None:
        now, path = [0.0], tmp_path / "later.mmdb"
        places = Places([path], clock=lambda: now[0])
        assert places.locate(SYDNEY) == Location()
        write(path, {"1.128.0.0/16": city("AU", {}, "Perth", -31.95, 115.86, 10)})
        now[0] += LOOK_EVERY
        assert places.locate(SYDNEY).city == "Perth"


@pytest.mark.parametrize(
    ("address", "precision", "kept"),
    [
        ("192.0.2.77", "full", "192.0.2.77"),
        ("192.0.2.77", "network", "192.0.2.0/24"),
        ("192.0.2.77", "none", ""),
        ("2001:db8:1:2:3::4", "network", "2001:db8:1::/48"),
        ("", "network", ""),
        ("not an address", "network", ""),
    ],
)
def test_as_much_of_an_address_is_kept_as_is_asked_for(address: str, precision: str, kept: str) -> None:
    assert shortened(address, precision) == kept


class TestSettings:
    """GEOIP_DATABASES, FAMILIARITY and their checks."""

    def test_a_database_that_cannot_be_read_is_found_by_a_check(self, cities: Path, settings: Any) -> None:
        (cities.parent / "text.mmdb").write_text("no database")
        for path, ids in (
            (cities, []),
            (cities.parent / "none.mmdb", ["sojourn.W045"]),
            ("text.mmdb", ["sojourn.W045"]),
        ):
            settings.SOJOURN = {"LIMITS": [{"max_sessions": 1}], "GEOIP_DATABASES": [cities.parent / path]}
            assert [message.id for message in check_places()] == ids

    def test_an_address_retention_without_effect_is_found_by_a_check(self, settings: Any) -> None:
        for retention, ids in (("7d", []), ("30d", ["sojourn.W046"])):
            settings.SOJOURN = {"LIMITS": [{"max_sessions": 1}], "ADDRESS_RETENTION": retention}
            assert [message.id for message in check_address_retention()] == ids

    def test_devices_are_remembered_as_long_as_their_cookie(self) -> None:
        found, _ = read({"DEVICE_COOKIE_AGE": "30d", "FAMILIARITY": {"distance_km": 10}})
        rule = found.policy().familiarity
        assert (rule.memory, rule.distance_km) == (found.DEVICE_COOKIE_AGE, 10)


@pytest.mark.usefixtures("ada")
class TestSignIn:
    """What a sign-in from somewhere comes to."""

    @pytest.fixture(autouse=True)
    def _site(self, settings: Any, cities: Path) -> None:
        settings.SOJOURN = {
            "LIMITS": [{"max_sessions": 9}],
            "GEOIP_DATABASES": [str(cities)],
            "ADDRESS_PRECISION": "network",
        }

    def test_its_place_is_kept_and_a_new_one_is_told(self, clock: FakeClock) -> None:
        browser = Browser()
        browser.sign_in(REMOTE_ADDR=ZURICH)
        (session,) = open_sessions()
        assert (session.place, session.address) == ("Zürich, Switzerland", "81.2.69.0/24")
        browser.post("/logout/")
        clock.advance(60_000)
        browser.sign_in(REMOTE_ADDR=SYDNEY)
        assert _unusual() == [[], ["new_place", "far"]]
        profile = control().store.roster(session.subject).profile
        assert [place.location.city for place in profile.places] == ["Zürich", "Sydney"]

    def test_an_unknown_place_is_no_alarm(self) -> None:
        browser = Browser()
        for address in (ZURICH, "10.0.0.1", "8.8.8.8"):
            browser.sign_in(REMOTE_ADDR=address)
            browser.post("/logout/")
        assert _unusual() == [[], [], []]


def _unusual() -> list[list[str]]:
    """What was unusual about each sign-in, in their order."""
    return [event["unusual"] for event in control().store.journal(EventQuery(types=("session.started",)))]  # type: ignore[misc]
