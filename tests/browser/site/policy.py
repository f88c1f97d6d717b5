"""The strictest content security policy that a site could put on Sojourn's pages."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self';"
    " require-trusted-types-for 'script'"
)


def strict_policy(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Nothing from elsewhere, nothing written into the page itself. Not all of Django's admin could live so."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not request.path.startswith("/admin/") or request.path.startswith("/admin/sojourn/"):
            response.headers["Content-Security-Policy"] = POLICY
        return response

    return answer
