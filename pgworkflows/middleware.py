"""Letting the logged-in user be the actor of what a request does."""

from __future__ import annotations

from collections.abc import Callable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponseBase

from .store.actors import acting_as


class ActorMiddleware:
    """Put the request's user into the history of every workflow verb; put it after AuthenticationMiddleware."""

    async_capable = True
    sync_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request with its user as the actor."""
        if self.is_async:
            return self._acall(request)  # type: ignore[return-value] # marked as a coroutine function above
        if not request.user.is_authenticated:
            return self.get_response(request)
        with acting_as(request.user, channel="site"):
            return self.get_response(request)

    async def _acall(self, request: HttpRequest) -> HttpResponseBase:
        user = await request.auser()
        if not user.is_authenticated:
            return await self.get_response(request)  # type: ignore[misc, no-any-return] # an async get_response
        with acting_as(user, channel="site"):
            return await self.get_response(request)  # type: ignore[misc, no-any-return] # an async get_response
