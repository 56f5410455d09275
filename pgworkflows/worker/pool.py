"""Making the outside calls: threads for `def`, one event loop for `async def`, or an executor of the project's."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextvars import Context

from django.utils.module_loading import import_string

from ..conf import conf
from ..exceptions import WaitTimeout
from ..execution.outside import OutsideCall, OutsideResult, perform, perform_async
from ..store.claims import CallKey

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
        self._results: deque[OutsideResult] = deque()
        self._executor: Executor | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def __len__(self) -> int:
        """Count the calls in flight and the results not yet taken."""
        with self._lock:
            return len(self._flying) + len(self._results)

    def calls(self) -> set[CallKey]:
        """Name the calls that are in flight, or whose result is not yet taken."""
        with self._lock:
            return {*self._flying, *((result.workflow, result.epoch) for result in self._results)}

    def has_room(self) -> bool:
        """Whether another call could begin at once, whichever kind it is."""
        with self._lock:
            waiting = sum(call.step.is_async for call, _ in self._flying.values())
            busy = len(self._flying) - waiting + len(self._stuck)
            return busy < self.concurrency and waiting < self.concurrency * ASYNC_FACTOR

    def stuck(self) -> int:
        """Count the threads that are lost in calls which overran their time."""
        with self._lock:
            return len(self._stuck)

    def submit(self, call: OutsideCall) -> None:
        """Begin a call; its result is taken with `take_results`."""
        self.made += 1
        with self._lock:
            self._flying[call.workflow, call.epoch] = (call, time.monotonic())
        future: Future[OutsideResult]
        if call.step.is_async:
            future = Context().run(asyncio.run_coroutine_threadsafe, perform_async(call), self._event_loop())
        else:
            future = self._threads().submit(perform, call)
        future.add_done_callback(self._landed(call))

    def _landed(self, call: OutsideCall) -> Callable[[Future[OutsideResult]], None]:
        def land(future: Future[OutsideResult]) -> None:
            error = future.exception() if not future.cancelled() else RuntimeError("the call was cancelled")
            self._land(call, OutsideResult.failed(call, error) if error is not None else future.result())

        return land

    def _land(self, call: OutsideCall, result: OutsideResult) -> None:
        with self._lock:
            if self._flying.pop((call.workflow, call.epoch), None) is None:
                self._stuck.discard((call.workflow, call.epoch))
                return
            self._results.append(result)
        self.wake.set()

    def take_results(self, most: int) -> list[OutsideResult]:
        """Take up to `most` results that have come back."""
        with self._lock:
            return [self._results.popleft() for _ in range(min(most, len(self._results)))]

    def has_results(self) -> bool:
        """Whether `take_results` would give any."""
        return bool(self._results)

    def give_up_overrun(self) -> None:
        """Let the calls fail that take longer than their step may; what they still return is thrown away."""
        with self._lock:
            flying = list(self._flying.values())
        for call, began in flying:
            limit = call.step.timeout
            if limit is not None and not call.step.is_async and time.monotonic() - began > limit:
                error = WaitTimeout(f"step {call.step.name} took longer than {limit} s")
                with self._lock:
                    self._stuck.add((call.workflow, call.epoch))
                self._land(call, OutsideResult.failed(call, error))

    def _threads(self) -> Executor:
        if self._executor is None:
            path = conf().EXECUTOR
            if path is None:
                self._executor = ThreadPoolExecutor(self.concurrency, thread_name_prefix="pgworkflows-outside")
            else:
                self._executor = import_string(path)()
        return self._executor

    def _event_loop(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            threading.Thread(target=self._loop.run_forever, name="pgworkflows-loop", daemon=True).start()
        return self._loop
