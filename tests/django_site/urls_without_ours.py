"""The test site without Sojourn's addresses."""

from tests.django_site import urls

urlpatterns = [pattern for pattern in urls.urlpatterns if str(pattern.pattern) != "sessions/"]
