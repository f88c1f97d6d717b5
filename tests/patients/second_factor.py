"""The plain application with a second factor: after the password it asks for the code of an authenticator app."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
from collections.abc import Callable

from tests.patients.beginning import renewed
from tests.patients.carrying import Request, set_cookie
from tests.patients.leaving import has_token
from tests.patients.plain import USER, Answer, Plain

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
PERIOD = 30


def shown(at: float) -> str:
    """What the owner's app shows at that moment."""
    digest = hmac.new(base64.b32decode(SECRET), struct.pack(">Q", int(at) // PERIOD), hashlib.sha1).digest()
    (number,) = struct.unpack_from(">I", digest, digest[-1] % 16)
    return f"{number % 2**31 % 10**6:06}"


class TwoFactors(Plain):
    """Takes each code once, and that of the moment before or after as well."""

    def __init__(self, *, clock: Callable[[], float], opens_early: bool = False) -> None:
        super().__init__(clock=clock)
        self.opens_early = opens_early
        self.pending: set[str] = set()
        self.used: set[str] = set()
        self.refused: list[str] = []
        self.views["/code"] = self.code

    def login(self, request: Request) -> Answer:
        status, headers, body = super().login(request)
        if request.method == "GET" or not status.startswith("303"):
            return status, headers, body
        key = self.issued[-1]
        self.pending.add(key)
        if not self.opens_early:
            self.sessions[key].user = ""
        return status, [("Location", "/code"), *headers[1:]], body

    def code(self, request: Request) -> Answer:
        session = request.session
        if session is None or request.key not in self.pending:
            return "303 See Other", [("Location", "/login")], ""
        if request.method == "GET":
            fields = f'<input type="hidden" name="csrf" value="{session.csrf}"><input name="otp">'
            return "200 OK", [], f'<form method="post">{fields}<button>Go on</button></form>'
        sent, now = request.form.get("otp", ""), self.clock()
        known = {shown(now + PERIOD * each) for each in (-1, 0, 1)} - self.used
        if not has_token(request) or sent not in known:
            self.refused.append(sent)
            return "403 Forbidden", [], "no such code"
        self.used.add(sent)
        self.pending.discard(request.key)
        key, fresh = renewed(self, request, session)
        fresh.user = USER
        return "303 See Other", [("Location", "/report"), set_cookie(self, key)], ""
