"""The context that a project enters for each workflow, as for its tenant: PGWORKFLOWS["ENTER"]."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, nullcontext
from functools import partial
from typing import Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.db import connections
from django.utils.module_loading import import_string

from ..conf import conf
from ..store.approvals.announcements import EMAIL
from .context import WorkflowInfo
from .transaction import FusedTransaction


def _made(workflow: WorkflowInfo) -> AbstractContextManager[Any]:
    enter = conf().ENTER
    if enter is None or workflow.name == EMAIL:  # it gathers what happened to approvals of whatever context
        return nullcontext()
    made: AbstractContextManager[Any] = (import_string(enter) if isinstance(enter, str) else enter)(workflow)
    return made


@contextmanager
def entered(workflow: WorkflowInfo) -> Iterator[None]:
    """Be in the workflow's context, which is not told of what is raised in it."""
    made = _made(workflow)
    made.__enter__()
    try:
        yield
    finally:
        made.__exit__(None, None, None)


def entered_in(transaction: FusedTransaction, workflow: WorkflowInfo) -> AbstractContextManager[None]:
    """Be in the workflow's context with its body and atomic steps; their `on_commit` hooks will be in it too."""
    return nullcontext() if conf().ENTER is None else _entered_in(transaction, workflow)


@contextmanager
def _entered_in(transaction: FusedTransaction, workflow: WorkflowInfo) -> Iterator[None]:
    context, waiting = entered(workflow), transaction.connection.run_on_commit
    before = len(waiting)
    with transaction.own_queries():
        context.__enter__()
    try:
        yield
    finally:
        waiting = transaction.connection.run_on_commit
        waiting[before:] = [(entry[0], partial(_run_entered, workflow, entry[1]), *entry[2:]) for entry in waiting[before:]]
        with transaction.own_queries():
            context.__exit__(None, None, None)


def _run_entered(workflow: WorkflowInfo, hook: Callable[[], Any]) -> None:
    with entered(workflow):
        hook()


@asynccontextmanager
async def own_thread() -> AsyncIterator[None]:
    """Give an `async def` step a thread for its ORM calls, and so connections, that it shares with no other's context."""
    if conf().ENTER is None:
        yield
        return
    async with ThreadSensitiveContext():
        try:
            yield
        finally:
            await sync_to_async(connections.close_all)()


@asynccontextmanager
async def entered_async(workflow: WorkflowInfo) -> AsyncIterator[None]:
    """Be in the workflow's context in the thread of the step's ORM calls."""
    if conf().ENTER is None:
        yield
        return
    context = entered(workflow)
    await sync_to_async(context.__enter__)()
    try:
        yield
    finally:
        await sync_to_async(context.__exit__)(None, None, None)
