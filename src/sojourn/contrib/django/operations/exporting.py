"""`export`: all that is kept on somebody, for them (GDPR Articles 15 and 20). No digest and no token is in it."""

from argparse import ArgumentParser
from collections.abc import Iterator, Mapping

from sojourn.contrib.django.internal.wiring import control, now
from sojourn.contrib.django.operations.accounts import account, add_account
from sojourn.contrib.django.operations.base import Operation, Options
from sojourn.contrib.django.operations.filters import found
from sojourn.contrib.django.operations.showing import as_json
from sojourn.contrib.django.operations.terminal import Terminal
from sojourn.core.records import Location, Profile, Session
from sojourn.core.search import PAGE_MAX, EventQuery, SessionQuery, Standing
from sojourn.web.problems import instant


class Export(Operation):
    """Prints what is kept on a user, as JSON."""

    name = "export"
    help = "Print all that Sojourn keeps on a user, as one JSON document."

    def arguments(self, parser: ArgumentParser) -> None:
        """See `Operation.arguments`."""
        add_account(parser)

    def run(self, terminal: Terminal, options: Options) -> None:
        """See `Operation.run`."""
        who = account(options["user"], is_subject=options["subject"])
        profile = control().store.roster(who.subject).profile
        query = SessionQuery(Standing.ANY, (who.subject,), oldest_first=True, limit=PAGE_MAX)
        terminal.data(
            {
                **who.facts(),
                "exported_at": instant(now()),
                "sessions": [_session(session, who.facts()["user"], profile) for session in found(query)],
                "profile": _profile(profile),
                "events": [{**event, "at": instant(int(str(event["at"])))} for event in events(who.subject)],
            }
        )


def events(
    subject: str | None = None, types: tuple[str, ...] = (), since: int | None = None
) -> Iterator[Mapping[str, object]]:
    """Recorded events, the oldest first, page by page."""
    after: tuple[int, str] | None = None
    while page := control().store.journal(EventQuery(subject, types, since, after, PAGE_MAX)):
        yield from page
        after = int(str(page[-1]["at"])), str(page[-1]["id"])


def _session(session: Session, user: str | None, profile: Profile) -> dict[str, object]:
    name = profile.device_names.get(session.device.digest) if session.device.digest else None
    return {
        **as_json(session, user),
        "device_name": name,
        "signed_in_by": list(session.amr),
        "assurance": session.acr or None,
    }


def _place(location: Location) -> dict[str, object]:
    return {
        "country": location.country,
        "region": location.region,
        "city": location.city,
        "latitude": location.latitude,
        "longitude": location.longitude,
        "network": location.network,
    }


def _profile(profile: Profile) -> dict[str, object]:
    pause, last = profile.pause, profile.last_sign_in
    return {
        "device_names": list(profile.device_names.values()),
        "paused": None
        if pause is None
        else {"since": instant(pause.since), "until": instant(pause.until), "by": pause.by, "note": pause.note},
        "devices": [
            {
                "device": known.label,
                "name": profile.device_names.get(digest),
                "trusted": known.trusted,
                "first_sign_in": instant(known.since),
                "last_sign_in": instant(known.last),
            }
            for digest, known in profile.devices.items()
        ],
        "places": [{**_place(place.location), "last_sign_in": instant(place.last)} for place in profile.places],
        "last_sign_in": None
        if last is None
        else {
            "at": instant(last.at),
            "device": last.device,
            "address": last.address,
            "place": last.place,
            **_place(last.location),
        },
        "refused_since": profile.refused_since,
        "notices_muted": sorted(profile.muted),
        "sign_ins_confirmed": list(profile.confirmed),
        "messages_answered": {event: instant(at) for event, at in profile.answered.items()},
        "devices_that_took_each_others_place": [instant(eviction.at) for eviction in profile.evictions],
        "would_be_over": {sid: why for sid, why in profile.unenforced.items() if why},
    }
