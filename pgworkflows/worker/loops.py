"""The event loop of `async def` steps, and another one once a step holds that up."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import Context, ContextVar
from dataclasses import dataclass
from typing import Any, cast
from weakref import WeakKeyDictionary

from ..exceptions import WaitTimeout
from ..execution.outside import HELD_UP, OutsideCall, OutsideResult, perform_async
from ..store.claims import CallKey
from ..telemetry import points

#: More loops that are held up are not replaced: their threads cannot be ended.
MOST_LOOPS = 8

Land = Callable[[OutsideCall, OutsideResult], None]
REMEDY = "it blocks where it should await. Use asyncio.sleep() and async clients, or make it a `def` step."


@dataclass(slots=True)
class Flight:
    """A call on a loop."""

    call: OutsideCall
    began: float
    future: Future[OutsideResult] | None = None
    begun: bool = False
    #: Whether nobody waits for it here any longer.
    left: bool = False

    def leave(self) -> None:
        """Have it cancelled once its loop answers again; what it still returns is thrown away."""
        self.left = True
        if self.future is not None:
            self.future.cancel()


_flight: ContextVar[Flight | None] = ContextVar("pgworkflows_flight", default=None)


class Loop:
    """An event loop in a thread of its own, and what flies on it."""

    def __init__(self, land: Land) -> None:
        self._land = land
        self._flying: dict[CallKey, Flight] = {}
        self._asked_at: float | None = None
        #: Whose the tasks are, those that a step makes included.
        self._whose: WeakKeyDictionary[asyncio.Task[Any], Flight | None] = WeakKeyDictionary()
        self._loop = asyncio.new_event_loop()
        self._loop.set_task_factory(self._make_task)
        threading.Thread(target=self._run, name="pgworkflows-loop", daemon=True).start()

    def _run(self) -> None:
        self._loop.run_forever()
        self._loop.close()

    def submit(self, call: OutsideCall) -> None:
        """Begin a call; made, it lands."""
        flight = self._flying[call.key] = Flight(call, time.monotonic())
        flight.future = Context().run(asyncio.run_coroutine_threadsafe, self._make(flight), self._loop)
        flight.future.add_done_callback(lambda future: self._done(flight, future))

    def _make_task(self, loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> asyncio.Task[Any]:
        task = asyncio.Task(coroutine, loop=loop, **options)
        self._whose[task] = _flight.get()
        return task

    async def _make(self, flight: Flight) -> OutsideResult:
        flight.begun = True
        _flight.set(flight)
        self._whose[cast("asyncio.Task[Any]", asyncio.current_task())] = flight
        return await perform_async(flight.call)

    def _done(self, flight: Flight, future: Future[OutsideResult]) -> None:
        call = flight.call
        self._flying.pop(call.key, None)
        if not flight.left:
            self._land(call, OutsideResult.of(call, future))

    def held_up(self) -> float:
        """Return for how many seconds it has not answered, and ask it again if it has."""
        now = time.monotonic()
        if self._asked_at is not None:
            return now - self._asked_at
        self._asked_at = now
        self._loop.call_soon_threadsafe(self._answer)
        return 0.0

    def _answer(self) -> None:
        self._asked_at = None

    def holder(self) -> Flight | None:
        """Return the call that is running on it just now, itself or in a task of its own; None for what is no call's."""
        task = asyncio.current_task(self._loop)
        return None if task is None else self._whose.get(task)

    def take_waiting(self) -> list[OutsideCall]:
        """Take back the calls that have not begun."""
        waiting = [flight for flight in list(self._flying.values()) if not flight.begun]
        for flight in waiting:
            flight.leave()
        return [flight.call for flight in waiting]

    def give_up_overrun(self, holder: Flight | None) -> None:
        """Let the call that holds it up fail once it overran its time; others that did are lost, by no fault of theirs."""
        now, who = time.monotonic(), _named(holder)
        for flight in list(self._flying.values()):
            limit = flight.call.step.timeout
            if flight.left or limit is None or now - flight.began <= limit + HELD_UP:
                continue
            flight.leave()
            if flight is holder:
                error = WaitTimeout(f"{who} took longer than {limit} s, and held up the event loop: {REMEDY}")
                self._land(flight.call, OutsideResult.failed(flight.call, error))
            else:
                lost = RuntimeError(f"{who} held up the event loop of step {flight.call.step.name}: {REMEDY}")
                self._land(flight.call, OutsideResult.lost_by(flight.call, lost))

    def is_idle(self) -> bool:
        """Whether nothing flies on it."""
        return not self._flying

    def end(self) -> None:
        """End its thread, once what was cancelled on it has ended too."""
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop)

    async def _stop(self) -> None:
        cancelled = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*cancelled, return_exceptions=True)
        self._loop.stop()


def _named(holder: Flight | None) -> str:
    return "a step" if holder is None else f"step {holder.call.step.name}"


class AsyncCalls:
    """Calls of `async def` steps in flight. `look_after` may come from another thread than `submit`."""

    def __init__(self, land: Land) -> None:
        self._land = land
        self._lock = threading.Lock()
        self._loops: list[Loop] = []

    def submit(self, call: OutsideCall) -> None:
        """Begin a call; made, it lands."""
        with self._lock:
            if not self._loops:
                self._loops.append(Loop(self._land))
            self._loops[-1].submit(call)

    def look_after(self) -> None:
        """Where a step holds its loop up, have others go on on another one, and give up what overran its time."""
        with self._lock:
            for loop in list(self._loops):
                newest = loop is self._loops[-1]
                if loop.held_up() > HELD_UP:
                    holder = loop.holder()
                    loop.give_up_overrun(holder)
                    if newest and len(self._loops) < MOST_LOOPS:
                        self._go_on_elsewhere(loop, holder)
                elif not newest and loop.is_idle():
                    loop.end()
                    self._loops.remove(loop)

    def _go_on_elsewhere(self, loop: Loop, holder: Flight | None) -> None:
        where = f" of workflow {holder.call.of.name} {holder.call.of.id}" if holder is not None else ""
        said = RuntimeError(f"{_named(holder)}{where} holds it up: {REMEDY}")
        points.failed.emit(what="the event loop of async steps", error=said)
        fresh = Loop(self._land)
        self._loops.append(fresh)
        for call in loop.take_waiting():
            fresh.submit(call)

    def stuck(self) -> int:
        """Count the loops that are held up by a call for which nobody waits any longer: each is a thread."""
        with self._lock:
            return sum(loop.is_idle() and loop.held_up() > HELD_UP for loop in self._loops)
