"""Writes mails as files of HTML, exactly as they are sent: `python -m tests.browser.site.write_mails FOLDER`."""

import os
import sys
from dataclasses import replace
from pathlib import Path

AT = 1_800_000_000_000
"""15 January 2027, 8:00 in UTC."""


def main(folder: Path) -> None:
    """One mail of a sign-in on a new device, and one that tells of several events."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.django_site.settings")
    import django

    django.setup()
    from django.conf import settings
    from django.contrib.auth.models import User

    from sojourn.contrib.django.notices.mail import reading_as, written
    from sojourn.core.events import SessionEnded, SessionStarted, StartRefused, payload
    from sojourn.core.records import Device, EndReason, Profile, Session, State
    from sojourn.core.tokens import mint_sid
    from sojourn.notify.notices import Kind
    from sojourn.notify.sinks import Message

    settings.SOJOURN = {**settings.SOJOURN, "SITE_URL": "https://app.example"}
    settings.TIME_ZONE = "Europe/Berlin"
    user = User(username="ada", email="ada@app.example")
    new = Session(
        sid=mint_sid(7),
        subject="ada",
        digest=bytes(32),
        created=AT,
        authenticated=AT,
        last_seen=AT,
        device=Device(family="Chrome", os="Linux"),
        address="203.0.113.23",
        place="Kyoto, Japan",
    )
    old = replace(
        new,
        sid=mint_sid(7),
        created=AT - 5_400_000,
        device=Device(family="Firefox", os="Windows"),
        address="192.0.2.4",
        place="Berlin, Germany",
        state=State.ENDED,
        end_reason=EndReason.EVICTED,
        ended=AT,
        ended_by=new.sid,
    )
    before = {"at": AT - 5_400_000, "place": "Berlin, Germany", "device": "Firefox on Windows", "address": "192.0.2.4"}
    unusual = ("new_device", "new_place", "far")
    arrival = {"device": "Edge on Windows", "address": "198.51.100.7", "place": ""}
    started = SessionStarted(subject="ada", at=AT, session=new, unusual=("new_device",), also_open=(old.sid,))
    far = replace(started, unusual=unusual, previous=before, also_open=())
    ended = SessionEnded(subject="ada", at=AT, session=old)
    refused = [
        StartRefused(subject="ada", at=AT + n * 9000, arrival=arrival, limit="one", open=(new.sid,)) for n in (1, 2, 3)
    ]
    for name, events in {"new-device": [started], "several": [ended, far, *refused]}.items():
        told = tuple(payload(event) for event in events)
        with reading_as(user):
            mail = written(Message(str(told[0]["id"]), "ada", told), user, user.email, Profile(), {Kind.NEW_DEVICE})
        (folder / f"{name}.html").write_text(str(mail.alternatives[0][0]), encoding="utf-8")
        (folder / f"{name}.txt").write_text(str(mail.body), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
