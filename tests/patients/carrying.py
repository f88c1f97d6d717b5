"""How the tokens of the plain application travel: in one cookie, and in nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from tests.patients.lasting import live
from tests.patients.minting import dressed, undressed

if TYPE_CHECKING:
    from tests.patients.plain import Plain, Session

COOKIE = "__Host-session"
WITHOUT_PREFIX = {"cookie-without-prefix", "cookie-not-secure", "cookie-for-subdomains"}
ATTRIBUTES = "Path=/; HttpOnly; Secure; SameSite=Lax"
ILL_ATTRIBUTES = {
    "cookie-not-secure": "Path=/; HttpOnly; SameSite=Lax",
    "cookie-for-scripts": "Path=/; Secure; SameSite=Lax",
    "cookie-for-other-sites": "Path=/; HttpOnly; Secure; SameSite=None",
    "cookie-without-samesite": "Path=/; HttpOnly; Secure",
    "cookie-for-subdomains": f"{ATTRIBUTES}; Domain=localhost",
    "cookie-for-years": f"{ATTRIBUTES}; Expires=Fri, 31 Dec 2100 23:59:59 GMT",
    "cookie-for-two-weeks": f"{ATTRIBUTES}; Max-Age=1209600",
}


class Request:
    """What a browser asks for, and the session that it brought."""

    def __init__(self, site: Plain, environ: dict) -> None:
        self.environ = environ
        self.method: str = environ["REQUEST_METHOD"]
        self.path: str = environ["PATH_INFO"]
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length).decode(errors="replace") if length else ""
        self.form = {name: values[0] for name, values in parse_qs(body).items()}
        self.query = {name: values[0] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
        self.key = presented(site, self)
        if site.illness == "compares-half" and self.key not in site.sessions and len(self.key) > 8:
            self.key = next((each for each in site.sessions if each[:8] == self.key[:8]), "")
        self.session: Session | None = live(site, self)
        if site.illness == "any-id-is-ann" and self.key and self.session is None:
            self.session = site.ann()
        if site.illness == "empty-id-is-ann" and not self.key and f"{COOKIE}=" in environ.get("HTTP_COOKIE", ""):
            self.session = site.ann()


def presented(site: Plain, request: Request) -> str:
    """The token that a request brought; "" for none."""
    if site.illness == "token-from-query" and "session" in request.query:
        return request.query["session"]
    if site.illness == "token-from-form" and "session" in request.form:
        return request.form["session"]
    if site.illness == "token-from-path" and ";jsessionid=" in request.path:
        request.path, _, key = request.path.partition(";jsessionid=")
        return key
    for pair in request.environ.get("HTTP_COOKIE", "").split(";"):
        name, _, value = pair.strip().partition("=")
        if name == cookie_name(site):
            return undressed(site, value)
    return ""


def cookie_name(site: Plain) -> str:
    """What the session's cookie is called."""
    return "session" if site.illness in WITHOUT_PREFIX else COOKIE


def set_cookie(site: Plain, key: str) -> tuple[str, str]:
    """The header that gives a browser its token."""
    return "Set-Cookie", f"{cookie_name(site)}={dressed(site, key)}; {ILL_ATTRIBUTES.get(site.illness, ATTRIBUTES)}"


def delete_cookie(site: Plain) -> tuple[str, str]:
    """The header that takes it away."""
    return "Set-Cookie", f"{cookie_name(site)}=; Path=/; Secure; Max-Age=0"
