"""The application of `limited` with what an account is managed by: its password, and an administrator's form."""

from __future__ import annotations

import html

from sojourn.probe.answers import Answer
from tests.patients.illnesses import Illness
from tests.patients.limited import Limited, Request, Session, form
from tests.patients.plain import USER
from tests.patients.plain import Answer as Response

ADMIN, ADMIN_PASSWORD = "root", "the root of all"
GROUPS = {"1": True, "2": False, "3": True}
"""The account's groups, as the administrator's form shows them: they must be what they were."""
ILLNESSES = {
    "password-keeps": Illness("password-ends-others"),
    "password-offers": Illness("password-ends-others", Answer.WARN),
    "disabled-stays": Illness("disabled-stays-out"),
    "disabled-revives": Illness("disabled-stays-out"),  # looked at with each request, and ended never
}


class Managed(Limited):
    """One more site; `illness` is one of this module's."""

    def __init__(self, illness: str = "", *, limit: int = 2, keeps_history: bool = False, deaf: bool = False) -> None:
        assert not illness or illness in ILLNESSES
        super().__init__("end_existing", limit=limit)
        self.illness, self.keeps_history, self.deaf = illness, keeps_history, deaf
        self.active = True
        self.passwords: list[str] = []
        """All that there were."""
        self.saved: list[dict[str, list[str]]] = []
        """What the administrator's form was sent."""
        self.routes |= {
            "/password": self.change,
            "/admin/auth/user/": self.users,
            "/admin/auth/user/7/change/": self.user,
        }

    def names(self, request: Request) -> str:
        said = request.form.get("name"), request.form.get("password")
        return ADMIN if said == (ADMIN, ADMIN_PASSWORD) else super().names(request) if self.active else ""

    def page(self, session: Session, title: str) -> Response:
        if session.user == USER and not self.active and self.illness != "disabled-stays":
            return "303 See Other", [("Location", "/login")], ""
        return super().page(session, title)

    def change(self, request: Request, session: Session) -> Response:
        """Changes the password, and ends the other sessions."""
        offer = '<input type="checkbox" name="others" value="1" id="o"><label for="o">Sign out all others</label>'
        fields = (
            '<input type="password" name="old"><input type="password" name="new"><input type="password" name="again">'
        )
        refused = self.keeps_history and request.form.get("new") in self.passwords
        right = request.form.get("old") == self.password and request.form.get("new") == request.form.get("again")
        if request.method == "GET" or refused or not right or self.deaf:
            status, headers, body = self.page(session, "Password")
            more = form(session, request.path, "Change", fields + (offer if self.illness == "password-offers" else ""))
            return status, headers, body + more if status == "200 OK" else body
        self.passwords.append(self.password)
        self.password = request.form["new"]
        if not self.illness.startswith("password-"):
            for each in self.others():
                if each is not session:
                    self.end(each, "Your password was changed.")
        return "303 See Other", [("Location", "/account")], ""

    def users(self, request: Request, session: Session) -> Response:
        if session.user != ADMIN:
            return "303 See Other", [("Location", "/login")], ""
        found = f'<a href="/admin/auth/user/7/change/">{USER}</a>' if request.query.get("q") == USER else ""
        return "200 OK", [], f"<h1>Users</h1>{found}"

    def user(self, request: Request, session: Session) -> Response:
        """As Django's admin has it: whatever the form leaves out is taken away."""
        if session.user != ADMIN:
            return "303 See Other", [("Location", "/login")], ""
        if request.method == "POST":
            self.saved.append(request.all)
            self.active = "is_active" in request.form
            if not self.active and not self.illness.startswith("disabled-"):
                for each in self.others():
                    self.end(each, "Your account was disabled.")
            return "303 See Other", [("Location", "/admin/auth/user/")], ""
        groups = "".join(
            f'<option value="{key}"{" selected" if member else ""}>{key}</option>' for key, member in GROUPS.items()
        )
        fields = (
            f'<input name="username" value="{USER}"><textarea name="about">\nTwo\nlines</textarea>'
            f'<input type="checkbox" name="is_active"{" checked" if self.active else ""}>'
            '<input type="checkbox" name="is_staff"><input type="radio" name="tone" value="a" checked>'
            '<input type="radio" name="tone" value="b"><input name="off" value="x" disabled>'
            f'<select name="groups" multiple>{groups}</select><select name="zone"><option>Here<option>There</select>'
            f'<input name="motto" value="{html.escape("a & b")}"><input type="submit" name="_delete" value="Delete">'
        )
        return (
            "200 OK",
            [],
            form(session, "/admin/auth/user/7/change/", "Save", fields) + form(session, "/logout", "Log out"),
        )
