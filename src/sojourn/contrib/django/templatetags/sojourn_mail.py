"""What the templates of mails use: names that somebody else has chosen, so that they are seen and do nothing."""

from django import template

from sojourn.contrib.django.notices.plain import unlinked, unlinked_html

register = template.Library()
register.filter("unlinked", unlinked)
register.filter("unlinked_html", unlinked_html)
