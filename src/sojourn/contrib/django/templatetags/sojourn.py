"""What templates use: filters for times and names, and the tag that lets a page warn before a timeout.

Every value shown comes from a browser or a network. The filters return plain text, which the template escapes;
only `sojourn_time` builds markup, through `format_html`.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django import template
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template import Context
from django.urls import NoReverseMatch, reverse
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext, ngettext, pgettext

from sojourn.contrib.django import live
from sojourn.contrib.django.internal import answers, notice
from sojourn.contrib.django.settings import current
from sojourn.contrib.django.timeout import account, live_session, state
from sojourn.contrib.django.wording import explanation, reason_text

register = template.Library()

# A made-up user agent can be kilobytes long. Nobody needs more than this to recognise a device.
LONGEST_NAME = 120


def sojourn_time(value: datetime | None) -> str:
    """Return a `<time>` element in the reader's language, with the time zone named; empty for None.

    The zone is named because the reader may sit in another one than the site.
    """
    if value is None:
        return ""
    text = formats.date_format(value, "DATETIME_FORMAT")
    zone = value.tzname()
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), f"{text} {zone}" if zone else text)


def sojourn_ago(value: datetime | None) -> str:
    """Return how long ago an aware `value` was, in the largest whole unit up to days; empty for None.

    Activity is written at most once a minute or so, therefore everything under two minutes is "just now".
    """
    if value is None:
        return ""
    minutes = int((timezone.now() - value).total_seconds()) // 60
    if minutes < 2:
        return gettext("just now")
    if minutes < 60:
        return ngettext("%(count)d minute ago", "%(count)d minutes ago", minutes) % {"count": minutes}
    hours = minutes // 60
    if hours < 24:
        return ngettext("%(count)d hour ago", "%(count)d hours ago", hours) % {"count": hours}
    days = hours // 24
    return ngettext("%(count)d day ago", "%(count)d days ago", days) % {"count": days}


def sojourn_device(item: Any) -> str:
    """Return the device label of a session item, shortened, or words that say that it is not known."""
    return _shown(item, "device_label") or pgettext("session", "Unknown device")


def sojourn_name(item: Any) -> str:
    """Return what the owner of a session item calls its device or, if nothing, its label."""
    return _shown(item, "name") or sojourn_device(item)


def sojourn_place(item: Any) -> str:
    """Return the place of a session item, shortened, or words that say that it is not known."""
    return _shown(item, "place") or pgettext("session", "Unknown place")


def _shown(item: Any, name: str) -> str:
    # Items are objects or dicts, as everywhere in Django's templates.
    value = item.get(name) if isinstance(item, dict) else getattr(item, name, "")
    return Truncator(str(value or "").strip()).chars(LONGEST_NAME)


_TOLD_BY_THE_PAGE = ("inactivity_timeout", "absolute_timeout", "logout", "switched", "")
"""Ends that a page finds out by itself; the server says the others when it is asked."""

_DRAWN = "_sojourn_timeout"
"""Lies at the bottom of a page's context, which all its blocks and includes share."""


def session_timeout(context: Context) -> dict[str, object]:
    """Warn before this session's timeouts, in any page of somebody signed in: `{% session_timeout %}` before `</body>`.

    Nothing for anybody else, where Sojourn's pages have no address, and for a second time in the same page (a frame
    around another frame may have it, too). Needs no inline script or style; a nonce of Django's or django-csp's
    Content-Security-Policy is used if there is one.
    """
    request: HttpRequest | None = getattr(context, "request", None) or context.get("request")
    session = live_session(request) if request is not None else None
    if request is None or session is None or _DRAWN in context.dicts[0]:
        return {}
    context.dicts[0][_DRAWN] = True
    try:
        addresses = {"url": reverse("sojourn:timeout"), "sign_out_url": reverse("sojourn:sign_out")}
    except NoReverseMatch:
        return {}
    nonce = context.get("csp_nonce", getattr(request, "csp_nonce", None))
    return {
        **addresses,
        "login_url": answers.login_url(request.get_full_path() if request.method == "GET" else ""),
        "state": json.dumps(state(request, session)),
        "explanations": json.dumps({reason: explanation(reason) for reason in _TOLD_BY_THE_PAGE}),
        "nonce": None if nonce is None else str(nonce),
    }


_LIVE = "_sojourn_live"


def session_live(context: Context) -> dict[str, object]:
    """Let an open page notice that its session is over, and ask about sign-ins elsewhere: `{% session_live %}` after
    `<body>`, where the question is to stand. Without script both are learned at the next click.

    Nothing for anybody who is not signed in, where Sojourn's pages have no address, and for a second time in the same
    page. One read of the store. Content-Security-Policy: as for `session_timeout`.
    """
    request: HttpRequest | None = getattr(context, "request", None) or context.get("request")
    session = live_session(request) if request is not None else None
    if request is None or session is None or _LIVE in context.dicts[0]:
        return {}
    context.dicts[0][_LIVE] = True
    try:
        url = reverse("sojourn:live")
    except NoReverseMatch:
        return {}
    here = request.get_full_path() if request.method == "GET" else ""
    nonce = context.get("csp_nonce", getattr(request, "csp_nonce", None))
    return {
        "url": url,
        "account": account(session),
        "sid": session.sid,
        "mode": live.mode(request),
        "every": current().LIVE_INTERVAL / 1000,
        "elsewhere": live.asked_about(session),
        "blank": {},
        "here": here,
        "csrf_token": get_token(request),
        "login_url": answers.login_url(here),
        "words": json.dumps(
            {
                "ended": explanation(""),
                "switched": explanation("switched"),
                **dict.fromkeys(("evicted", "replaced"), gettext("The new session")),
                "ender": gettext("The session that did this"),
                "device": pgettext("session", "%(browser)s on %(system)s"),
            }
        ),
        "nonce": None if nonce is None else str(nonce),
    }


register.inclusion_tag("sojourn/_live.html", takes_context=True)(session_live)
register.inclusion_tag("sojourn/_timeout.html", takes_context=True)(session_timeout)
register.filter("sojourn_explanation", explanation)
register.filter("sojourn_time", sojourn_time, expects_localtime=True)
register.filter("sojourn_ago", sojourn_ago)
register.filter("sojourn_device", sojourn_device)
register.filter("sojourn_name", sojourn_name)
register.filter("sojourn_place", sojourn_place)
register.filter("sojourn_reason", reason_text)


@register.simple_tag(takes_context=True)
def sojourn_last_sign_in(context: Context) -> notice.Previous | None:
    """Return the sign-in before that of this session, for `sojourn/_last_sign_in.html`; None if none is known.

    Makes the page vary on the session, as any look into it does.
    """
    request = context.get("request")
    return notice.previous(request) if request is not None and live_session(request) is not None else None
