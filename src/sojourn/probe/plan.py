"""What an audit would do, said before anything is done: the dry run."""

from collections.abc import Iterator, Sequence

from sojourn.probe.check import Check
from sojourn.probe.profiles.profile import Profile
from sojourn.probe.running import lacks


def plan(profile: Profile, checks: Sequence[Check]) -> Iterator[str]:
    """Lines that say where requests would go, as whom, how often at most, and what would change."""
    hosts = ", ".join(sorted({profile.host, *profile.hosts}))
    can = [check for check in checks if not lacks(check, profile)]
    sign_ins = 1 + sum(check.sign_ins - check.shared for check in can) + max((check.shared for check in can), default=0)
    yield f"Requests would go to {hosts} and to no other host."
    yield f"It would sign in as {profile.account.name}, at {profile.login or 'a login page that it finds by itself'}."
    if sign_ins > profile.max_sign_ins:
        yield (
            f"The checks need up to {sign_ins} sign-ins, and {profile.max_sign_ins} are allowed (--max-sign-ins): "
            "those that come last would be not testable."
        )
    else:
        yield f"It would sign in up to {sign_ins} times, {profile.pause:g} seconds apart, and sign out again of all."
    if profile.account.totp:
        yield "Each of them would wait for a one-time code of its own, and take up to half a minute by that."
    as_admin = ", disable the account and enable it again" if profile.admin else ""
    yield (
        f"It would change the account's password and change it back{as_admin}."
        if profile.changes
        else "It would change nothing of the account (--changes would)."
    )
    if profile.wait:
        yield f"It would wait up to {profile.wait:g} seconds to see sessions time out."
    yield ""
    for check in checks:
        missing = lacks(check, profile)
        yield f"{check.id} ({check.sign_ins}): {check.does}" if not missing else f"{check.id}: not testable. {missing}"
