"""The link from a user's page in an admin site to their sessions."""

from django import template
from django.template.context import Context
from django.urls import NoReverseMatch, reverse

from sojourn.contrib.django.adapter import adapter
from sojourn.contrib.django.administration.permissions import VIEW

register = template.Library()


@register.inclusion_tag("sojourn/administration/_sessions_link.html", takes_context=True)
def sojourn_sessions_link(context: Context) -> dict[str, str]:
    """The link, on the page of a user (`original`), for those who may follow it, in a site that has our pages."""
    from django.contrib.admin.utils import quote  # Django loads this file where there is no admin, too

    request, user = getattr(context, "request", None) or context.get("request"), context.get("original")
    if request is None or user is None or not request.user.has_perm(VIEW):
        return {"url": ""}
    try:
        subject = adapter().subject(user)
        site = getattr(request, "current_app", None)
        return {"url": reverse("admin:sojourn_session_subject", args=[quote(subject)], current_app=site)}
    except NoReverseMatch:
        return {"url": ""}
