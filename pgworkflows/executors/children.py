"""An executor of processes of this machine: each makes one call at a time, and loses that alone when it dies."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, InvalidStateError
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

from ..command_line import as_child
from . import ExecutorUnavailable

#: How long a process may take until it can make calls, in seconds.
LONGEST_BEGINNING = 60.0
#: How long it may take to end when it makes none.
LONGEST_GOODBYE = 5.0


class ProcessDied(RuntimeError):  # noqa: N818 - it says what happened
    """The process that made the call ended before the call did."""


class Child:
    """One process, and our end of the pipe to it. It ends when that is closed, as when we are killed."""

    def __init__(self) -> None:
        self.pipe, theirs = Pipe()
        arguments, environment = as_child(theirs.fileno())
        self.process = subprocess.Popen(arguments, env=environment, pass_fds=[theirs.fileno()])
        theirs.close()
        try:
            began = self.pipe.poll(LONGEST_BEGINNING) and self.pipe.recv()
        except (EOFError, OSError):
            began = False
        if not began:
            status = self.end()
            raise ExecutorUnavailable(f"a process could not begin (status {status}); what it said itself stands above")

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Make a call there; raise ProcessDied, or what it raised."""
        try:
            self.pipe.send((function, arguments))
            made, value = self.pipe.recv()
        except (EOFError, OSError) as error:
            status = self.end()
            raise ProcessDied(f"its process {self.process.pid} ended by {_how(status)} during the call") from error
        if made:
            return value
        raise value

    def end(self) -> int:
        """End the process at once; return its status."""
        self.pipe.close()
        with suppress(subprocess.TimeoutExpired):
            return self.process.wait(LONGEST_GOODBYE)
        self.process.kill()
        return self.process.wait()


def _how(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"status {status}"


class Call(Future[Any]):
    """A call; `cancel()` ends the process that makes it."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._child: Child | None = None
        #: Since when a process makes it, by the monotonic clock: that one has to begin first is not the call's time.
        self.began: float | None = None

    def begin(self, child: Child) -> bool:
        """Note which process makes the call now; return false where it was dropped."""
        with self._lock:
            if not self.set_running_or_notify_cancel():
                return False
            self._child, self.began = child, time.monotonic()
            return True

    def end(self) -> None:
        """Note that the process is free for another."""
        with self._lock:
            self._child = None

    def cancel(self) -> bool:
        """Drop the call, or end its process."""
        with self._lock:
            if self._child is not None:
                self._child.process.kill()
        return super().cancel()


class Processes(Executor):
    """A thread for each process, which is started when it is first needed, and anew after it died."""

    def __init__(self, number: int) -> None:
        self._calls: queue.SimpleQueue[tuple[Call, Callable[..., Any], tuple[Any, ...]] | None] = queue.SimpleQueue()
        self._threads = [threading.Thread(target=self._serve, name="pgworkflows-process", daemon=True) for _ in range(number)]
        for thread in self._threads:
            thread.start()

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:  # type: ignore[override] # no keywords
        """Have the next process that is free make the call."""
        call = Call()
        self._calls.put((call, function, arguments))
        return call

    def _serve(self) -> None:
        child: Child | None = None
        while (item := self._calls.get()) is not None:
            call, function, arguments = item
            try:
                child = child or Child()
            except Exception as error:
                unavailable = isinstance(error, ExecutorUnavailable)
                with suppress(InvalidStateError):  # it was dropped meanwhile
                    call.set_exception(error if unavailable else ExecutorUnavailable(f"{type(error).__name__}: {error}"))
                continue
            if call.begin(child):
                self._make(call, child, function, arguments)
                child = child if child.process.poll() is None else None
        if child is not None:
            child.end()

    def _make(self, call: Call, child: Child, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        try:
            value = child.call(function, *arguments)
        except Exception as error:
            call.end()
            call.set_exception(error)
        else:
            call.end()
            call.set_result(value)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let each process end behind its call; the calls that wait are dropped where that is asked for."""
        with suppress(queue.Empty):
            while cancel_futures and (item := self._calls.get_nowait()) is not None:
                item[0].cancel()
        for _ in self._threads:
            self._calls.put(None)
        for thread in self._threads if wait else ():
            thread.join()


def serve(file: int) -> None:
    """Be such a process: make the calls that come through this pipe until its other end is closed, even during a call."""
    for number in (signal.SIGINT, signal.SIGTERM):  # whoever has started us decides; not SIG_IGN, which a step's children inherit
        signal.signal(number, lambda *_: None)
    pipe = Connection(file)
    calls: queue.SimpleQueue[Any] = queue.SimpleQueue()
    busy = threading.Event()
    threading.Thread(target=_receive, args=[pipe, calls, busy], name="pgworkflows-pipe", daemon=True).start()
    pipe.send(True)
    while (item := calls.get()) is not None:
        function, arguments = item
        try:
            answer = (True, function(*arguments))
        except BaseException as error:
            answer = (False, ExecutorUnavailable(f"{type(error).__name__}: {error}"))
        busy.clear()
        pipe.send(answer)


def _receive(pipe: Connection, calls: queue.SimpleQueue[Any], busy: threading.Event) -> None:
    try:
        while True:
            item = pipe.recv()
            busy.set()
            calls.put(item)
    except (EOFError, OSError):
        if busy.is_set():
            os._exit(1)
        calls.put(None)
