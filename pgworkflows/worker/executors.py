"""The executors that PGWORKFLOWS["EXECUTORS"] names: made, given calls, looked after, and made anew when they break."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from contextlib import contextmanager, suppress
from typing import Any

from django.db import connections
from django.utils.module_loading import import_string

from ..conf import SETTING, conf, maker_and_bound
from ..execution.elsewhere import pack, unpack
from ..execution.engine import Refusal
from ..execution.outside import OutsideCall, OutsideResult
from ..executors import ExecutorUnavailable
from ..executors.far_side import make_call
from ..store.claims import CallKey
from ..telemetry import points
from .breaker import Breaker, unavailable
from .flights import Flight

#: How long making an executor, or handing it a call, may take, in seconds.
LONGEST_SILENCE = 30.0
#: The longest that a workflow is sent away for want of room.
LONGEST_TURN = 10.0
#: How long the far side may take to end a call that was given up, before its place counts as lost.
LONGEST_ENDING = 5.0
#: How often an executor is asked for its trouble.
LOOK_SECONDS = 1.0

Land = Callable[[OutsideCall, OutsideResult], None]


class NamedExecutor:
    """One name of EXECUTORS. No method waits for the executor: whatever its code hangs in, only its keeper hangs."""

    def __init__(self, name: str, concurrency: int, land: Land) -> None:
        self.name, self._land = name, land
        self._maker, bound = maker_and_bound(conf().EXECUTORS.get(name))
        self.bound = bound or concurrency
        self._changed = threading.Condition()
        self._waiting: deque[OutsideCall] = deque()
        self._flying: dict[CallKey, Flight] = {}
        self._cancelled: deque[Future[Any]] = deque()
        self._keeper: Keeper | None = None
        self._breaker = Breaker()
        #: How long a call takes, and when whoever has to wait for room may come back.
        self._usual, self._turn = 0.1, 0.0

    def make(self) -> Executor:
        """Make one, in the keeper's thread."""
        if self._maker is None:
            raise LookupError(f"{SETTING}['EXECUTORS'] has no {self.name!r}")
        made = (import_string(self._maker) if isinstance(self._maker, str) else self._maker)()
        if not callable(getattr(made, "submit", None)):
            raise TypeError(f"{self._maker!r} made {made!r}, which is no concurrent.futures.Executor")
        executor: Executor = made
        return executor

    def refuses(self) -> Refusal | None:
        """Say why no call may begin now, and for how long, if so. Those sent away come back about as fast as calls end."""
        with self._changed:
            if (error := self._breaker.why_open()) is not None:
                self._breaker.turn_away()
                return Refusal(error, self._breaker.seconds_left())
            if len(self._waiting) + len(self._flying) < 2 * self.bound:
                return None
            now = time.monotonic()
            self._turn = min(max(self._turn, now) + self._usual / self.bound, now + LONGEST_TURN)
            return Refusal(None, self._turn - now)

    def awaited(self) -> bool:
        """Whether some that had to wait for room, or until it is mended, may not have come back yet."""
        return time.monotonic() < max(self._turn, self._breaker.expected_back) + LOOK_SECONDS

    def stuck(self) -> int:
        """Count the calls that overran their time and that nobody could end."""
        ends = time.monotonic() - LONGEST_ENDING
        with self._changed:
            return sum(flight.given_up_at is not None and flight.given_up_at < ends for flight in self._flying.values())

    def submit(self, call: OutsideCall) -> None:
        """Have the call made once there is room; made, it lands."""
        with self._changed:
            refused = self._breaker.why_open()
            if refused is None:
                self._waiting.append(call)
                if self._keeper is None:
                    self._keeper = Keeper(self)
                    self._keeper.start()
                self._changed.notify_all()
        if refused is not None:
            self._land(call, OutsideResult.turned_away(call, refused))

    def look_after(self) -> None:
        """Give up the calls that overran their time, and an executor whose own code does not return."""
        now = time.monotonic()
        with self._changed:
            keeper = self._keeper
            over = [flight for flight in self._flying.values() if not flight.given_up and flight.is_over(now)]
            for flight in over:
                flight.given_up_at = now
                if flight.future is not None:
                    self._cancelled.append(flight.future)
            self._changed.notify_all()
        for flight in over:
            self._land(flight.call, OutsideResult.overran(flight.call))
        since = keeper.inside_since if keeper is not None else None
        if keeper is not None and since is not None and now - since > LONGEST_SILENCE:
            self.give_up(keeper, ExecutorUnavailable(f"it has not answered for {LONGEST_SILENCE:g} s"))

    def hand_back(self) -> None:
        """Let others have what was not yet handed to the executor: the worker stops."""
        with self._changed:
            waiting = list(self._waiting)
            self._waiting.clear()
        for call in waiting:
            self._land(call, OutsideResult.turned_away(call, ExecutorUnavailable("the worker was told to stop")))

    def close(self) -> None:
        """Have the executor shut down, and wait for that a little."""
        with self._changed:
            keeper, self._keeper = self._keeper, None
            self._changed.notify_all()
        if keeper is not None:
            keeper.join(timeout=5)

    # What follows is the keeper's.

    def is_kept_by(self, keeper: Keeper) -> bool:
        """Whether this keeper's executor is the one that is used."""
        return self._keeper is keeper

    def next_call(self, keeper: Keeper) -> OutsideCall | None:
        """Take the next call to hand over once there is room; None after a while, to look around."""
        with self._changed:
            self._changed.wait_for(lambda: self._keeper is not keeper or self._has_work(), timeout=LOOK_SECONDS)
            if self._keeper is not keeper or not self._waiting or len(self._flying) >= self.bound:
                return None
            call = self._waiting.popleft()
            self._flying[call.key] = Flight(call, time.monotonic())
            return call

    def _has_work(self) -> bool:
        return bool(self._cancelled) or (bool(self._waiting) and len(self._flying) < self.bound)

    def end_cancelled(self) -> None:
        """Have the far side end what was given up, where it can."""
        while self._cancelled:
            self._cancelled.popleft().cancel()

    def handed_over(self, keeper: Keeper, call: OutsideCall, future: Future[Any]) -> None:
        """Remember what came for a call, and take its answer when it is there."""
        with self._changed:
            flight = self._flying.get(call.key)
            if flight is not None:
                flight.future = future
        if flight is None or flight.given_up:
            future.cancel()
        future.add_done_callback(lambda future: self._done(keeper, call, future))

    def _done(self, keeper: Keeper, call: OutsideCall, future: Future[Any]) -> None:
        with self._changed:
            flight = self._flying.get(call.key) if self._keeper is keeper else None
            if flight is None or flight.given_up:
                self._make_room(keeper, call)
                return
        error = CancelledError("it cancelled the call") if future.cancelled() else future.exception()
        if isinstance(error, ExecutorUnavailable):  # for this call: others may be under way
            with self._changed:
                self._breaker.open(error)
            self.answered(keeper, call, OutsideResult.turned_away(call, error))
        elif isinstance(error, BrokenExecutor | CancelledError):
            self.give_up(keeper, error)
        else:
            self.answered(keeper, call, self._answer(call, future) if error is None else self._lost(call, error))

    def _make_room(self, keeper: Keeper, call: OutsideCall) -> Flight | None:
        flight = self._flying.pop(call.key, None) if self._keeper is keeper else None
        self._changed.notify_all()
        return flight

    def _answer(self, call: OutsideCall, future: Future[Any]) -> OutsideResult:
        try:
            result = unpack(call, future.result())
        except Exception as error:
            return self._lost(call, error)
        self._breaker.close()
        return result

    def _lost(self, call: OutsideCall, error: BaseException) -> OutsideResult:
        """Whatever the future itself raises is the executor's failure: the step's own come as text."""
        what = f"a call of step {call.step.name} on executor {self.name!r}"
        points.failed.emit(what=what, error=error)
        if isinstance(error, ImportError):  # the far side does not have our code
            return OutsideResult.turned_away(call, unavailable(error))
        return OutsideResult.lost_by(call, error)

    def answered(self, keeper: Keeper, call: OutsideCall, result: OutsideResult) -> None:
        """Make room, and land the result, unless the call was given up or went with its executor."""
        with self._changed:
            flight = self._make_room(keeper, call)
            if flight is None or flight.given_up:
                return
            self._usual += (time.monotonic() - flight.began - self._usual) / 8
        self._land(call, result)

    def give_up(self, keeper: Keeper, error: BaseException) -> None:
        """Forget an executor that cannot be used: what it has is lost, and after a pause another one is made."""
        with self._changed:
            if self._keeper is not keeper:
                return
            self._keeper = None
            reason, waiting = self._breaker.open(error), list(self._waiting)
            flying = [flight for flight in self._flying.values() if not flight.given_up]
            self._flying.clear()
            self._waiting.clear()
            self._changed.notify_all()
        somebodys_fault = isinstance(error, BrokenExecutor) and not isinstance(error, ExecutorUnavailable)
        landing = [(call, OutsideResult.turned_away(call, reason)) for call in waiting]
        for flight in flying:
            if somebodys_fault and flight.had_begun:
                landing.append((flight.call, OutsideResult.lost_by(flight.call, error)))
            else:
                landing.append((flight.call, OutsideResult.turned_away(flight.call, reason)))
        points.failed.emit(what=f"executor {self.name!r}", error=error)
        for call, result in landing:
            self._land(call, result)


class Keeper(threading.Thread):
    """The life of one executor, from its making to its end; all of its own code but what its futures call back runs here."""

    def __init__(self, named: NamedExecutor) -> None:
        super().__init__(name=f"pgworkflows-executor-{named.name}", daemon=True)
        self.named = named
        #: Since when the executor's own code has not returned.
        self.inside_since: float | None = None

    def run(self) -> None:
        """Make it, hand calls over while it is the one that is used, and shut it down."""
        executor: Executor | None = None
        try:
            with self._inside():
                executor = self.named.make()
            while self.named.is_kept_by(self):
                call = self.named.next_call(self)
                with self._inside():
                    self.named.end_cancelled()
                    self._look_at(executor)
                    if call is not None:
                        self._hand_over(executor, call)
        except BaseException as error:
            self.named.give_up(self, error)
        finally:
            if executor is not None:
                _shut_down(executor)
            connections.close_all()  # what makes an executor, or takes a call, may have asked the database

    @contextmanager
    def _inside(self) -> Iterator[None]:
        self.inside_since = time.monotonic()
        try:
            yield
        finally:
            self.inside_since = None

    def _look_at(self, executor: Any) -> None:
        """Raise ExecutorUnavailable where one of ours says that it can be used no longer."""
        trouble = executor.trouble() if hasattr(executor, "trouble") else ""
        if trouble:
            raise ExecutorUnavailable(trouble)

    def _hand_over(self, executor: Executor, call: OutsideCall) -> None:
        try:
            text = pack(call)
        except Exception as error:  # what the body gave the step is nothing that can travel
            self.named.answered(self, call, OutsideResult.failed(call, error))
            return
        self.named.handed_over(self, call, executor.submit(make_call, text))


def _shut_down(executor: Executor) -> None:
    """Have it end, without what it has not begun; other people's may not know how to leave that."""
    with suppress(Exception):
        try:
            executor.shutdown(wait=False, cancel_futures=True)
        except TypeError:
            executor.shutdown(wait=False)
