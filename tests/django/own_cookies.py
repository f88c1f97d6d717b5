"""A session engine of a site's own, derived from Django's signed cookies."""

from django.contrib.sessions.backends.signed_cookies import SessionStore as SignedCookies


class SessionStore(SignedCookies):
    """The same in another place."""
