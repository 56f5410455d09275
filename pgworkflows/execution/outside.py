"""Calls to the outside: what is handed to the pool, and what comes back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async
from django.db import close_old_connections

from ..definitions.scope import current_scope
from ..definitions.step import Step
from ..exceptions import NotAllowed, WaitTimeout
from ..models.waits import Wait, WaitKind, wait_for
from ..store.actors import Actor, running_for
from ..store.claims import CallKey
from ..store.connection import end_what_was_left_open
from ..telemetry import points
from ..values.encoding import dump, load, with_rows
from .context import StepInfo, WorkflowInfo, workflow_info
from .entering import entered, entered_async, own_thread
from .errors import DEADLOCK, SERIALIZATION, describe, sqlstate
from .step_scope import StepScope

#: A timer of an event loop that fires so many seconds late was held up by a step that blocks.
HELD_UP = 1.0


def needs_executor(step: Step[..., Any]) -> Wait:
    """Return what is waited for where a step cannot use its executor."""
    return wait_for(WaitKind.EXECUTOR, step.name, executor=step.executor)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideCall:
    """One attempt of an `atomic=False` step, recorded and committed before it is made."""

    epoch: int
    step: Step[..., Any]
    arguments: dict[str, Any]
    info: StepInfo
    of: WorkflowInfo

    @property
    def key(self) -> CallKey:
        """What tells it from every other call."""
        return CallKey(self.info.workflow, self.epoch, self.info.position, self.info.attempt)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideResult:
    """How an attempt ended: the result's JSON text, or the error."""

    key: CallKey
    text: str | None = None
    error: str | None = None
    #: What `error` was made from, where this process raised it.
    raised: BaseException | None = field(default=None, repr=False)
    #: Whether the step's Retry allows another attempt after this error, and in how many seconds.
    retry_after: float | None = field(default=None)
    #: What was in its way, if it is to be attempted again without counting: a lock (or a deadlock), or its executor.
    snooze: Wait | None = None
    #: Whether the call was lost on its way: nobody knows whether it was made.
    lost: bool = False

    @classmethod
    def failed(cls, call: OutsideCall, error: BaseException) -> OutsideResult:
        """Make the result of an attempt that raised."""
        retry, attempt = call.step.retry, call.info.attempt
        return cls(
            key=call.key,
            error=describe(error, step=call.step.name, refused=retry.refuses(error)),
            raised=error,
            retry_after=retry.delay(attempt) if retry.allows_another(error, attempt) else None,
            snooze=wait_for(WaitKind.LOCK, call.step.name) if _met_a_lock(error) and not retry.refuses(error) else None,
        )

    @classmethod
    def overran(cls, call: OutsideCall) -> OutsideResult:
        """Make the result of a call that took longer than its step may."""
        return cls.failed(call, WaitTimeout(f"step {call.step.name} took longer than {call.step.timeout} s"))

    @classmethod
    def of(cls, call: OutsideCall, future: Future[OutsideResult]) -> OutsideResult:
        """Take the result of a call that was made elsewhere in this process, and has ended."""
        error = RuntimeError("the call was cancelled") if future.cancelled() else future.exception()
        return cls.failed(call, error) if error is not None else future.result()

    @classmethod
    def lost_by(cls, call: OutsideCall, error: BaseException) -> OutsideResult:
        """Make the result of a call that its executor lost, as a worker that died would have."""
        return cls(key=call.key, error=describe(error), raised=error, lost=True)

    @classmethod
    def turned_away(cls, call: OutsideCall, error: BaseException) -> OutsideResult:
        """Make the result of a call that its executor could not take, or dropped without its fault."""
        wait = needs_executor(call.step)
        return cls(key=call.key, error=describe(error), snooze=wait)

    @classmethod
    def succeeded(cls, call: OutsideCall, value: Any) -> OutsideResult:
        """Make the result of an attempt that returned; what cannot be stored counts as a failure."""
        try:
            text = dump(value, f"the result of step {call.step.name}")
            load(text)
        except Exception as error:
            return cls.failed(call, error)
        return cls(key=call.key, text=text)


def _met_a_lock(error: BaseException) -> bool:
    return sqlstate(error) in (DEADLOCK, SERIALIZATION)


def _enter(call: OutsideCall) -> None:
    current_scope.set(StepScope(atomic=False, info=lambda: call.info))
    workflow_info.set(call.of)
    running_for.set(Actor(pk=call.of.requested_by, name=call.of.requested_by_name, channel="worker"))


def _facts(call: OutsideCall) -> dict[str, Any]:
    info = call.info
    return {
        "worker": None, "workflow": info.workflow, "position": info.position, "step": call.step, "attempt": info.attempt,
    }  # fmt: skip


def _tell_begun(call: OutsideCall) -> float:
    points.step_begun.emit(**_facts(call))
    return time.monotonic()


def _tell_ended(call: OutsideCall, began: float, result: OutsideResult) -> OutsideResult:
    points.step_ended.emit(**_facts(call), seconds=time.monotonic() - began, error=result.raised)
    return result


def _call(call: OutsideCall) -> OutsideResult:
    _enter(call)
    return _tell_ended(call, _tell_begun(call), _made(call))


def _made(call: OutsideCall) -> OutsideResult:
    try:
        with entered(call.of):
            return OutsideResult.succeeded(call, call.step.function(**with_rows(call.arguments)))
    except BaseException as error:
        return OutsideResult.failed(call, error)


def _clean() -> list[str]:
    """Treat this thread's connections as a request does, and leave no transaction open; return where one was."""
    left = end_what_was_left_open()
    close_old_connections()
    return left


def _checked(call: OutsideCall, result: OutsideResult, left: list[str]) -> OutsideResult:
    if not left or result.error is not None:
        return result
    return OutsideResult.failed(
        call,
        NotAllowed(
            f"Step {call.step.name} left a transaction open on {', '.join(left)}: what it wrote there was rolled back. "
            "Use transaction.atomic(), which ends it, and leave autocommit on."
        ),
    )


def perform(call: OutsideCall) -> OutsideResult:
    """Make the call in this thread, in a fresh context, with connections treated as a request treats them."""
    _clean()
    result = Context().run(_call, call)
    return _checked(call, result, _clean())


async def perform_async(call: OutsideCall) -> OutsideResult:
    """Make the call of an `async def` step, with the connections of the thread that its ORM calls use treated alike."""
    async with own_thread():
        await sync_to_async(_clean)()
        result = await _call_async(call)
        return _checked(call, result, await sync_to_async(_clean)())


async def _call_async(call: OutsideCall) -> OutsideResult:
    _enter(call)
    return _tell_ended(call, _tell_begun(call), await _made_async(call))


async def _made_async(call: OutsideCall) -> OutsideResult:
    """Make the call; the step's timeout cancels it."""
    limit, late = None, list[float]()
    try:
        function: Callable[..., Any] = call.step.function
        async with entered_async(call.of):
            arguments = await sync_to_async(with_rows)(call.arguments) if _has_rows(call.arguments) else call.arguments
            async with asyncio.timeout(call.step.timeout) as limit:
                with _noting(limit.when(), late):
                    value = await function(**arguments)
        return OutsideResult.succeeded(call, value)
    except BaseException as error:
        if isinstance(error, TimeoutError) and limit is not None and limit.expired():
            if late and late[0] > HELD_UP:
                return OutsideResult.lost_by(call, RuntimeError("another step held up the event loop"))
            return OutsideResult.overran(call)
        return OutsideResult.failed(call, error)


@contextmanager
def _noting(when: float | None, late: list[float]) -> Iterator[None]:
    """Note how late a timer of the loop fires: whatever the step does after that is its own."""
    if when is None:
        yield
        return
    loop = asyncio.get_running_loop()
    timer = loop.call_at(when, lambda: late.append(loop.time() - when))
    try:
        yield
    finally:
        timer.cancel()


def _has_rows(arguments: dict[str, Any]) -> bool:
    return any(type(value) not in (str, int, bool, float, type(None)) for value in arguments.values())


def perform_inline(call: OutsideCall) -> OutsideResult:
    """Make the call here and now, on this thread's connections, as the testing helper does."""
    if call.step.is_async:
        return Context().run(async_to_sync(_call_async), call)  # whose ORM calls come back to this thread's connections
    return Context().run(_call, call)
