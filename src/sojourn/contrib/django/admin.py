"""Found by Django's admin, if the site has it: Sojourn's pages in the default admin site."""

from django.contrib import admin

from sojourn.contrib.django.administration import register

register(admin.site)
