"""A shop."""

from django.contrib import admin
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def home(request: HttpRequest) -> HttpResponse:
    """For everybody."""
    return HttpResponse("welcome")


@login_required
def orders(request: HttpRequest) -> HttpResponse:
    """For customers."""
    return HttpResponse(
        f"orders of {request.user.get_username()}, {request.session.get('cart', 'nothing')} in the cart"
    )


def join(request: HttpRequest) -> HttpResponse:
    """Makes a customer and signs them in."""
    login(request, User.objects.create_user(request.POST["name"]), "django.contrib.auth.backends.ModelBackend")
    return HttpResponse("joined")


urlpatterns = [
    path("", home),
    path("orders/", orders),
    path("join/", join),
    path("admin/", admin.site.urls),
    path("sessions/", include("sojourn.contrib.django.urls")),
]
