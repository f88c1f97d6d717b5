"""System checks: what is wrong with this installation, and what to write. Run by `manage.py check`, `migrate`, ...

`sojourn.E...` lets sessions through, locks people out or answers with a 500; `sojourn.W...` is weaker than it looks.
Tens of an id: 00 the settings, 10 applications and middleware, 20 the database, 30 session engines and neighbours,
40 cookies and proxies, 50 the admin and mails, 55 links in messages, 60 webhooks,
70 delivery.
"""

from django.core.checks import register

from sojourn.contrib.django.checks.administration import check_administration
from sojourn.contrib.django.checks.databases import (
    check_isolation,
    check_move,
    check_router,
    check_sqlite,
    check_store,
)
from sojourn.contrib.django.checks.delivery import check_delivery
from sojourn.contrib.django.checks.links import check_links
from sojourn.contrib.django.checks.mail import check_recipients, check_sender
from sojourn.contrib.django.checks.middleware import check_middleware, check_page_cache
from sojourn.contrib.django.checks.neighbours import check_channels, check_engine, check_headless
from sojourn.contrib.django.checks.security import (
    check_address_retention,
    check_disabled,
    check_places,
    check_proxies,
    check_script_access,
    check_secure,
)
from sojourn.contrib.django.checks.servers import check_servers, check_transport
from sojourn.contrib.django.checks.settings import check_cookie_names, check_paths, check_purpose, check_settings
from sojourn.contrib.django.checks.site import check_applications, check_pages, check_sign_in, check_urls
from sojourn.contrib.django.checks.webhooks import check_webhook_admins, check_webhook_secrets, check_webhook_transport

TAG = "sojourn"
"""For `manage.py check --tag sojourn`."""
ALWAYS = (
    check_settings,
    check_paths,
    check_cookie_names,
    check_purpose,
    check_applications,
    check_middleware,
    check_page_cache,
    check_urls,
    check_sign_in,
    check_pages,
    check_store,
    check_sqlite,
    check_isolation,
    check_router,
    check_servers,
    check_move,
    check_engine,
    check_headless,
    check_script_access,
    check_proxies,
    check_places,
    check_address_retention,
    check_administration,
    check_delivery,
    check_recipients,
    check_webhook_secrets,
)
AT_DEPLOYMENT = (
    check_secure,
    check_disabled,
    check_channels,
    check_links,
    check_sender,
    check_transport,
    check_webhook_transport,
    check_webhook_admins,
)
"""Only `manage.py check --deploy` runs these: they suppose the settings, or import the applications, of production."""


def connect() -> None:
    """Register the checks with Django. Doing so twice is doing so once."""
    for check in ALWAYS:
        register(check, TAG)
    for check in AT_DEPLOYMENT:
        register(check, TAG, deploy=True)
