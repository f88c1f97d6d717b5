"""`SessionControlMiddleware`: directly after Django's AuthenticationMiddleware."""

from collections.abc import Awaitable, Callable
from typing import Any, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.db import OperationalError
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from sojourn.contrib.django.internal import answers, carrier, check, conclude
from sojourn.contrib.django.internal.endings import present_request
from sojourn.contrib.django.internal.herald import keep_delivering
from sojourn.contrib.django.internal.installed import require_application
from sojourn.contrib.django.internal.locking import outrun
from sojourn.contrib.django.internal.start import SignInStopped
from sojourn.contrib.django.internal.visit import stop_of, unwrapped
from sojourn.contrib.django.settings import current
from sojourn.core.errors import StoreContention, StoreError

GetResponse = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]


class SessionControlMiddleware:
    """Lets a request be signed in only while its session is live, and answers sign-ins that reach the limit.

    Before the view: one look-up, for requests with a session cookie. After it: what the request began or ended is
    settled. Works natively in both modes; under ASGI the whole check is one hop to a thread, and a request without a
    session cookie takes none. `request.sojourn` is the live Session, or None. Raises ImproperlyConfigured where the
    application is not installed.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        require_application("SessionControlMiddleware")
        self.get_response = get_response
        self._awaits = iscoroutinefunction(get_response)
        if self._awaits:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Handle one request, in the mode of the handler that Django built."""
        cast("Any", request).sojourn = None
        if self._awaits:
            return self._acall(request)
        get_response = cast("Callable[[HttpRequest], HttpResponseBase]", self.get_response)
        if not current().ENABLED:
            return get_response(request)
        keep_delivering()
        response = check.check(request) if carrier.has_cookie(request) else None
        mark = present_request.set(request)
        try:
            if response is None:
                response = get_response(request)
            if conclude.has_work(request):
                response = conclude.conclude(request, response)
        except BaseException:
            conclude.abort(request)
            raise
        finally:
            present_request.reset(mark)
        conclude.keep_private(request, response)
        return response

    async def _acall(self, request: HttpRequest) -> HttpResponseBase:
        get_response = cast("Callable[[HttpRequest], Awaitable[HttpResponseBase]]", self.get_response)
        if not current().ENABLED:
            return await get_response(request)
        keep_delivering()
        response = await sync_to_async(check.check)(request) if carrier.has_cookie(request) else None
        mark = present_request.set(request)
        try:
            if response is None:
                response = await get_response(request)
            if conclude.has_work(request):
                response = await sync_to_async(conclude.conclude)(request, response)
        except BaseException:  # a browser that does not wait for its answer, too
            await sync_to_async(conclude.abort)(request)
            raise
        finally:
            present_request.reset(mark)
        conclude.keep_private(request, response)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """Answer a sign-in that was stopped, or a store that went away, in place of the error page."""
        if isinstance(exception, SignInStopped):
            visit = stop_of(unwrapped(request))
            if visit is not None and visit.stop is not None:
                visit.answered = True
                return answers.to_stop(request, visit.stop.outcome)
        if isinstance(exception, StoreError):
            return answers.unavailable(request, exception)
        if isinstance(exception, OperationalError) and outrun(unwrapped(request), exception):
            return answers.unavailable(request, StoreContention())
        return None
