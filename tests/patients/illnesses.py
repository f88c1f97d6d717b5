"""What the plain application can be ill with: one wrong line each, as it is found in the wild. Data, by concept."""

from __future__ import annotations

from dataclasses import dataclass

from sojourn.probe.answers import Answer


@dataclass(frozen=True)
class Illness:
    """One weakness."""

    check: str
    """The check that must find it."""
    answer: Answer = Answer.FAIL
    """What that check must answer."""
    along: frozenset[str] = frozenset()
    """Checks that cannot but answer worse than the healthy twin's along with it."""


COOKIES = {
    "cookie-not-secure": Illness("cookie-secure", along=frozenset({"cookie-prefix"})),
    "cookie-for-scripts": Illness("cookie-httponly"),
    "cookie-for-other-sites": Illness("cookie-samesite", Answer.WARN),  # SameSite=None
    "cookie-without-samesite": Illness("cookie-samesite", Answer.WARN),
    "cookie-without-prefix": Illness("cookie-prefix", Answer.WARN),
    "cookie-for-subdomains": Illness("cookie-scope", Answer.WARN, frozenset({"cookie-prefix"})),
    "cookie-for-years": Illness("cookie-lifetime"),
    "cookie-for-two-weeks": Illness("cookie-lifetime", Answer.WARN),
    "cookie-too-large": Illness("cookie-size"),
}
"""What the session's cookie says of itself."""

TRANSPORT = {
    "no-hsts": Illness("hsts"),
    "hsts-for-a-day": Illness("hsts"),
    "hsts-without-subdomains": Illness("hsts", Answer.WARN),
    "http-serves": Illness("plain-http"),  # the whole application, without TLS
    "http-refuses-nothing": Illness("plain-http", Answer.WARN),  # another page, where people think that they are safe
    "http-sets-cookies": Illness("plain-http"),  # leads to https, and gives a session on the way
}
"""How answers come."""

BEGINNING = {
    "login-keeps-id": Illness("session-fixation", along=frozenset({"sign-in-again-renews"})),
    "adopts-ids": Illness("session-fixation", along=frozenset({"sign-in-again-renews"})),  # and keeps them at the login
    "reset-signs-in": Illness("half-signed-in"),  # whoever says to have forgotten a password
    "login-without-token": Illness("login-csrf"),
    "second-login-keeps-id": Illness("sign-in-again-renews"),  # as Django's login() does with the same user
    "second-login-ends-nothing": Illness("sign-in-again-renews"),  # a new token, and the old one stays as well
}
"""How a session begins."""

EXPOSURE = {
    "pages-may-be-kept": Illness("caches", Answer.WARN),
    "pages-are-public": Illness("caches"),
    "cache-by-address": Illness("caches"),  # in front of the application, whoever asks
    "token-in-redirect": Illness("token-in-url"),
    "token-in-links": Illness("token-in-url"),
    "token-in-script": Illness("token-in-page"),
    "token-from-query": Illness("token-from-elsewhere"),
    "token-from-path": Illness("token-from-elsewhere"),
    "token-from-form": Illness("token-from-elsewhere"),
    "address-from-header": Illness("forwarded-address"),
    "host-from-header": Illness("forwarded-host", Answer.WARN),
    "account-without-way-out": Illness("sign-out-everywhere"),
}
"""Where the token turns up, and what is believed that a browser says of itself."""

TOKENS = {
    "ids-in-sequence": Illness("token-unpredictable"),
    "ids-of-the-time": Illness("token-unpredictable"),
    "ids-digest-the-time": Illness("token-unpredictable"),
    "one-id-for-all": Illness("token-unpredictable"),
    "ids-of-32-bits": Illness("token-unpredictable"),
    "ids-of-96-bits": Illness("token-unpredictable", Answer.WARN),
    "id-names-its-user": Illness("token-content", Answer.WARN),
    "jwt-tells-address": Illness("token-content", Answer.WARN),
    "jwt-none": Illness("token-signature"),
    "jwt-unverified": Illness("token-signature"),
    "jwt-weak-key": Illness("token-signature"),
    "compares-half": Illness("tampered-token"),
    "id-holds-password": Illness("token-content"),
    "client-side-session": Illness("token-unpredictable", Answer.WARN, frozenset({"token-content"})),  # without a nonce
    "any-id-is-ann": Illness(
        "unknown-ids", along=frozenset({"malformed-ids", "tampered-token", "session-fixation", "logout-replay"})
    ),
    "adopts-ids-of-strangers": Illness("unknown-ids"),
    "unknown-id-crashes": Illness("unknown-ids", along=frozenset({"malformed-ids", "tampered-token"})),
    "empty-id-is-ann": Illness("malformed-ids"),  # the row of a session that has no id yet
    "odd-id-crashes": Illness("malformed-ids"),
    "id-splits-answers": Illness("malformed-ids"),
}
"""How tokens are made, and what is made of those that are none."""

LEAVING = {
    "logout-keeps": Illness("logout-replay"),  # the cookie goes, the session stays
    "late-save-revives": Illness("logout-race"),  # saves its session at the end of a request, whatever has become of it
    "logout-by-get": Illness("logout-by-get", along=frozenset({"logout-csrf"})),  # a link needs no token
    "logout-without-token": Illness("logout-csrf", Answer.WARN),  # of the cookie alone it is said that it stays at home
    "logout-says-nothing": Illness("logout-message", Answer.WARN),
    "logout-takes-another-cookie": Illness("logout-cookie"),  # deletes it with another path
    "logout-leaves-cookie": Illness("logout-cookie", Answer.WARN),
    "no-clear-site-data": Illness("clear-site-data", Answer.WARN),
    "clear-site-data-unquoted": Illness("clear-site-data"),  # which no browser understands
    "clear-site-data-of-caches": Illness("clear-site-data", Answer.WARN),
}

LASTING = {
    "never-idle": Illness("inactivity-timeout", along=frozenset({"passive-traffic"})),
    "idle-for-two-hours": Illness("inactivity-timeout"),
    "lives-for-ever": Illness("absolute-lifetime", Answer.WARN),  # longer than what was waited for
    "polling-keeps-alive": Illness("passive-traffic"),
}
"""How long it lasts."""

ILLNESSES: dict[str, Illness] = {
    **COOKIES,
    **TRANSPORT,
    **BEGINNING,
    **EXPOSURE,
    **TOKENS,
    **LEAVING,
    **LASTING,
}
"""Each illness by the name that `Plain` knows it by."""
