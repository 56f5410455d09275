"""The points at which a worker tells what it does; the log, its counts and crash points subscribe to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Subscriber = Callable[..., object]


class Point:
    """Something that happens. Subscribers are called there and then, in the thread in which it happens, with its facts.

    They are to be quick. An Exception of theirs is told at `failed`, and costs nobody else anything; a BaseException, such
    as a simulated crash, ends what is being done.
    """

    __slots__ = ("name", "subscribers")

    def __init__(self, name: str) -> None:
        self.name = name
        self.subscribers: tuple[Subscriber, ...] = ()

    def emit(self, **facts: Any) -> None:
        """Tell whoever has subscribed."""
        for subscriber in self.subscribers:
            try:
                subscriber(**facts)
            except Exception as error:
                if self is not failed:
                    failed.emit(what=f"a subscriber of {self.name!r}", error=error)

    def subscribe(self, subscriber: Subscriber) -> None:
        """Have it called from now on, once each time; let it take `**_`, for facts that come later."""
        if subscriber not in self.subscribers:
            self.subscribers += (subscriber,)

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Have it called no more."""
        self.subscribers = tuple(other for other in self.subscribers if other != subscriber)

    @contextmanager
    def subscribed(self, subscriber: Subscriber) -> Iterator[None]:
        """Have it called for as long as the block lasts."""
        self.subscribe(subscriber)
        try:
            yield
        finally:
            self.unsubscribe(subscriber)


# `worker` is the name of a worker, `workflow` a UUID; durations are seconds.

#: A batch has begun. Facts: worker, workflows (how many it has claimed: at least one).
claimed = Point("claimed")
#: A workflow that waited goes on, since what it waited for has come, or its time is up. Facts: worker, workflow, name.
woken = Point("woken")
#: A step is about to be called. Facts: worker (None for an outside step), workflow, position, step (the Step), attempt.
step_begun = Point("step begun")
#: It has returned or raised. Facts: those of `step_begun`, seconds, and error (None where it returned).
step_ended = Point("step ended")
#: All workflows of a batch have been run, and what they did is to be written. Facts: worker.
flush_begun = Point("flush begun")
#: It is written, and not yet committed. Facts: worker.
flush_ended = Point("flush ended")
#: A batch is committed; nothing that follows a commit has been done. Facts: worker, workflows (how many).
committed = Point("committed")
#: A workflow waits, as of a commit. Facts: worker, workflow, name (of the workflow), kind and task (of the Task, and its name).
wait_opened = Point("wait opened")
#: A batch is over, what follows its commit included, or its transaction was lost. Facts: worker, report (its Report).
batch = Point("batch")
#: An outside call is handed over to be made. Facts: worker, call (the OutsideCall).
call = Point("call")
#: A worker was taken for dead, or ended. Facts: worker (which took over), gone (the id of the other), workflows (a list).
taken_over = Point("taken over")
#: A sweep was made. Facts: sweep (its name), seconds.
swept = Point("swept")
#: Something failed where nothing may be raised. Facts: what, error.
failed = Point("failed")
