"""Making the outside calls: threads for `def`, an event loop for `async def`, or the executors that settings name."""

from __future__ import annotations

import math
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ..conf import conf
from ..definitions.step import DEFAULT_EXECUTOR, Step
from ..execution.engine import Refusal, Room
from ..execution.outside import OutsideCall, OutsideResult, perform
from ..store.claims import CallKey
from .executors import NamedExecutor
from .loops import AsyncCalls

ASYNC_FACTOR = 10


class OutsidePool:
    """Calls in flight, and the results that have come back."""

    def __init__(self, concurrency: int, wake: threading.Event) -> None:
        self.concurrency = concurrency
        self.wake = wake
        self.made = 0
        self._lock = threading.Lock()
        self._flying: dict[CallKey, tuple[OutsideCall, float]] = {}
        #: Calls that overran their time and whose threads are still in them; a thread cannot be ended.
        self._stuck: set[CallKey] = set()
        self._results: dict[CallKey, OutsideResult] = {}
        self._threads: ThreadPoolExecutor | None = None
        self._named: dict[str, NamedExecutor] = {}
        self._async = AsyncCalls(self._land)

    def __len__(self) -> int:
        """Count the calls in flight and the results not yet taken."""
        with self._lock:
            return len(self._flying) + len(self._results)

    def calls(self) -> set[CallKey]:
        """Name the calls that are in flight, or whose result is not yet taken."""
        with self._lock:
            return {*self._flying, *self._results}

    def flies(self, call: CallKey) -> bool:
        """Whether the call is in flight, or its result is not yet taken."""
        with self._lock:
            return call in self._flying or call in self._results

    def has_room(self) -> bool:
        """Whether another call could begin at once here, in a thread or on the loop."""
        busy, waiting = self._in_use()
        return busy < self.concurrency and waiting < self.concurrency * ASYNC_FACTOR

    def room(self, step: Step[..., Any]) -> Room | None:
        """Return how many calls could begin beside each other in threads, or on the loop; None where an executor says so."""
        busy, waiting = self._in_use()
        if step.is_async:
            return Room(self.concurrency * ASYNC_FACTOR - waiting, self.concurrency * ASYNC_FACTOR)
        return Room(self.concurrency - busy, self.concurrency) if _in_a_thread(step) else None

    def _in_use(self) -> tuple[int, int]:
        """Count the calls in threads, lost ones included, and those on the loop."""
        with self._lock:
            steps = [call.step for call, _ in self._flying.values()]
            return sum(_in_a_thread(step) for step in steps) + len(self._stuck), sum(step.is_async for step in steps)

    def refuses(self, step: Step[..., Any]) -> Refusal | None:
        """Say why no call of the step may begin now, if its executor has no room or cannot be used."""
        named = self._executor_of(step)
        return named.refuses() if named is not None else None

    def sent_away(self) -> bool:
        """Whether workflows that an executor had no room for, or could not take just now, may not have come back yet."""
        return any(named.awaited() for named in self._named.values())

    def stuck(self) -> int:
        """Count the threads, here and of executors, that are lost in calls which overran their time."""
        with self._lock:
            stuck = len(self._stuck)
        return stuck + self._async.stuck() + sum(named.stuck() for named in self._named.values())

    def submit(self, call: OutsideCall) -> None:
        """Begin a call; its result is taken with `take_results`."""
        self.made += 1
        with self._lock:
            self._flying[call.key] = (call, math.inf)
        named = self._executor_of(call.step)
        if named is not None:
            named.submit(call)
            return
        if call.step.is_async:
            self._async.submit(call)
            return
        future = self._own_threads().submit(self._perform, call)
        future.add_done_callback(lambda future: self._land(call, OutsideResult.of(call, future)))

    def _perform(self, call: OutsideCall) -> OutsideResult:
        """Make a call in this thread; its time counts from now."""
        with self._lock:
            if call.key in self._flying:
                self._flying[call.key] = (call, time.monotonic())
        return perform(call)

    def _land(self, call: OutsideCall, result: OutsideResult) -> None:
        with self._lock:
            if self._flying.get(call.key, (None,))[0] is not call:
                self._stuck.discard(call.key)
                return
            del self._flying[call.key]
            self._results[call.key] = result
        self.wake.set()

    def take_results(self) -> list[OutsideResult]:
        """Take the results that have come back."""
        with self._lock:
            taken, self._results = self._results, {}
            return list(taken.values())

    def has_results(self) -> bool:
        """Whether `take_results` would give any."""
        return bool(self._results)

    def give_up_overrun(self) -> None:
        """Let the calls fail that take longer than their step may; what they still return is thrown away."""
        for named in list(self._named.values()):
            named.look_after()
        self._async.look_after()
        with self._lock:
            flying = list(self._flying.values())
        for call, began in flying:
            limit = call.step.timeout
            if limit is not None and _in_a_thread(call.step) and time.monotonic() - began > limit:
                with self._lock:
                    self._stuck.add(call.key)
                self._land(call, OutsideResult.overran(call))

    def hand_back(self) -> None:
        """Let others have the calls that wait for room in an executor: the worker stops."""
        for named in self._named.values():
            named.hand_back()

    def close(self) -> None:
        """Shut the executors down."""
        for named in self._named.values():
            named.close()

    def _executor_of(self, step: Step[..., Any]) -> NamedExecutor | None:
        if step.is_async or _in_a_thread(step):
            return None
        if step.executor not in self._named:
            self._named[step.executor] = NamedExecutor(step.executor, self.concurrency, self._land)
        return self._named[step.executor]

    def _own_threads(self) -> ThreadPoolExecutor:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self.concurrency, thread_name_prefix="pgworkflows-outside")
        return self._threads


def _in_a_thread(step: Step[..., Any]) -> bool:
    """Whether calls of the step are made in threads of this process."""
    return not step.is_async and step.executor == DEFAULT_EXECUTOR and DEFAULT_EXECUTOR not in conf().EXECUTORS
