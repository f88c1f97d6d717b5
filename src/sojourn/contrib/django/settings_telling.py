"""The settings of telling people: deliveries, notices, mails and links, open pages. See `contrib.django.settings`."""

from dataclasses import dataclass

from sojourn.contrib.django.setting import setting
from sojourn.contrib.django.values import (
    address_precision,
    count,
    live_interval,
    live_mode,
    notices,
    origin,
    page_address,
    streams,
    text,
    texts,
)
from sojourn.contrib.django.webhooks import EXAMPLE_SECRET, parse_webhooks
from sojourn.core.timeouts import DAY, SECOND, parse_duration
from sojourn.notify.notices import Notices
from sojourn.notify.webhook import Webhook


@dataclass(frozen=True, slots=True)
class Telling:
    """Who tells what to whom, and how."""

    DELIVERY: str = setting(
        text,
        'Who tells people what happened: "background", a thread of each web process, right after the commit; "worker", '
        "only `manage.py sojourn deliver`; or the dotted path of a callable that is given a subject after each commit, "
        "such as one that puts a task into a queue.",
        default="background",
        example='"worker"',
    )
    SINKS: tuple[str, ...] = setting(
        texts,
        "Dotted paths of your own ways of telling: classes that are called without arguments and are "
        "`sojourn.notify.sinks.Sink`s.",
        default=(),
        example='["accounts.sessions.ChatSink"]',
    )
    WEBHOOKS: tuple[Webhook, ...] = setting(
        parse_webhooks,
        "Programs that are sent events, signed by the Standard Webhooks convention: a list of dicts with a name, a "
        'url (https), secrets (each signs) and events (their types, "session.*", or "*" for all). allow_internal: the '
        "host of the url once more, if it is one of your internal network.",
        default=(),
        example='[{"name": "crm", "url": "https://crm.example/hooks", '
        f'"secrets": ["{EXAMPLE_SECRET}"], "events": ["session.*"]}}]',
    )
    OUTBOX_MAX_AGE: int = setting(
        parse_duration,
        "What nobody has begun to tell within so long is told to nobody: it would be no news any more.",
        default=7 * DAY,
        example='"7d"',
    )
    OUTBOX_MAX_EVENTS: int = setting(
        count,
        "At most about so many recorded events are kept, told or not; the oldest go first. RETENTION bounds their age.",
        default=1_000_000,
        example="100_000",
    )
    NOTICES: Notices = setting(  # noqa: RUF009  # it makes a field, as dataclasses.field does
        notices,
        "What users are told, by which channel: a dict from new_device, new_place, second_session, evicted, refused, "
        'repeated and disowned to a list out of "mail" (to their address) and "page" (in their other open browsers). '
        "Kinds that are left out keep their default; an empty list tells nobody.",
        default=Notices(),
        example='{"second_session": ["page"]}',
    )
    MAIL_ADDRESSES: str = setting(
        address_precision,
        "How much of a network address mails show: full, network (its beginning) or none.",
        default="network",
        example='"none"',
    )
    SITE_URL: str = setting(
        origin,
        "Where the site is for those who read its messages, such as https://app.example. The only host that links in "
        "messages ever name, whatever a request says of it; without it, messages have no links.",
        default="",
        example='"https://app.example"',
    )
    NOTICE_LINK_AGE: int = setting(
        parse_duration,
        "How long after a sign-in the link in the message about it still says that it was not its reader.",
        default=7 * DAY,
        example='"7d"',
    )
    PASSWORD_RESET_URL: str = setting(
        page_address,
        "The page on which users who are not signed in set a new password. By default it is the page called "
        '"password_reset", or django-allauth\'s, where the site has one.',
        default="",
        example='"/accounts/password_reset/"',
    )
    LIVE: str = setting(
        live_mode,
        'How open pages notice that their session is over: "auto" (a stream where the server is asynchronous, polling '
        'elsewhere), "poll", or "off".',
        default="auto",
        example='"poll"',
    )
    LIVE_INTERVAL: int = setting(
        live_interval,
        "How often an open page asks, or the server looks for those with a stream: within this they notice.",
        default=3 * SECOND,
        example='"3s"',
    )
    LIVE_STREAMS: int = setting(
        streams,
        "How many streams one server process keeps open for pages; the pages beyond them poll.",
        default=200,
        example="1000",
    )
