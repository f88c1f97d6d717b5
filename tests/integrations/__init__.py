"""Sojourn beside what adopters run: django-allauth, Django REST framework, Channels, django-hijack, django-axes.

Each folder `with_...` is a site of its own: settings that derive from the tests' site, with the other package stock
and unmodified, and the tests that need it. One process has one set of settings, so each site runs in its own:

    pytest --ds=tests.integrations.with_allauth.settings tests/integrations/with_allauth

`test_sites.py` does that for every site, so `make test` runs them all; a run under any other settings leaves the
folders out. `adopter` is a project of somebody else: its tests know nothing of Sojourn (see `test_adopter.py`).
"""
