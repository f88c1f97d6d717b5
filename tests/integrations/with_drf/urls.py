"""The site's addresses, Django REST framework's sign-in, an API, and knox's tokens."""

from django.contrib.auth import authenticate, login
from django.urls import include, path
from knox.views import LoginView, LogoutView
from rest_framework.authentication import BasicAuthentication
from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from tests.django_site.urls import urlpatterns as site


@api_view(["GET", "POST"])
def me(request: Request) -> Response:
    """Who is asking."""
    return Response({"user": request.user.get_username()})


@api_view(["POST"])
@permission_classes([AllowAny])
@authentication_classes([])
def sign_in(request: Request) -> Response:
    """Signs in with the framework's request, as an API for a page's script does."""
    user = authenticate(request, username=request.data["username"], password=request.data["password"])
    if user is None:
        return Response({"detail": "wrong"}, status=400)
    login(request, user)
    return Response({"user": user.get_username()})


@api_view(["POST"])
@permission_classes([AllowAny])
@authentication_classes([])
def careless_sign_in(request: Request) -> Response:
    """The same, by somebody who answers every exception alike."""
    user = authenticate(request, username=request.data["username"], password=request.data["password"])
    try:
        login(request, user)
    except Exception:
        return Response({"detail": "it went wrong"})
    return Response({"user": user.get_username()})


class TokenLogin(LoginView):
    """knox's sign-in, which gives a token and no session."""

    authentication_classes = (BasicAuthentication,)


urlpatterns = [
    *site,
    path("api-auth/", include("rest_framework.urls")),
    path("api/me/", me),
    path("api/sign-in/", sign_in),
    path("api/careless-sign-in/", careless_sign_in),
    path("api/token/", TokenLogin.as_view()),
    path("api/token/drop/", LogoutView.as_view()),
]
