"""The verbs of a workflow's row; each is one call into `store`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async

from ..values.people import Person

if TYPE_CHECKING:
    import uuid


class WorkflowVerbs:
    """Mixin of Workflow; `by` is a user or a name, None for the one that `acting_as` or the middleware set."""

    id: uuid.UUID

    def send_event(self, name: str, payload: Any = None, *, key: str | int | None = None, by: Person | None = None) -> bool:
        """Send a named message; it may come before the workflow waits for it. The same key is sent once.

        Return whether the workflow waits for it, or got it before by that key: false may be early, or a wrong name.
        """
        from ..store import events

        return events.send_to(self.id, name, payload, key=key, by=by)

    def ask(self, name: str, payload: Any = None, *, timeout: timedelta | float = 30, by: Person | None = None) -> Any:
        """Ask it something, and return its answer; raise RequestRefused, WorkflowFinished, WaitTimeout or WouldNeverReturn.

        It may be asked before it waits for that. After WaitTimeout the request stays: it is answered all the same.
        """
        from ..store import waiting

        return waiting.ask(self.id, name, payload, timeout=timeout, by=by)

    def cancel(self, reason: str, *, compensate: bool = True, by: Person | None = None) -> None:
        """End it, after undoing its completed steps unless `compensate` is false; raise WorkflowFinished."""
        from ..store import interventions

        interventions.cancel(self.id, reason, compensate=compensate, by=by)

    def retry(self, reason: str = "", *, by: Person | None = None) -> None:
        """Let a FAILED or BLOCKED workflow go on from where it stopped; raise WorkflowFinished for any other.

        One that is to be tried again later tries now: the attempt counts, and has the same idempotency key.
        """
        from ..store import interventions

        interventions.retry(self.id, reason, by=by)

    def compensate(self, reason: str, *, by: Person | None = None) -> None:
        """Undo the completed steps of a FAILED or BLOCKED workflow; raise WorkflowFinished for any other."""
        from ..store import interventions

        interventions.compensate(self.id, reason, by=by)

    def wait(self, timeout: timedelta | float) -> Any:
        """Return the result once it completes; raise WorkflowFailed, WaitTimeout, or WouldNeverReturn."""
        from ..store import waiting

        return waiting.wait_for_result(self.id, timeout)

    async def asend_event(
        self, name: str, payload: Any = None, *, key: str | int | None = None, by: Person | None = None
    ) -> bool:
        """Do `send_event` from async code."""
        return await sync_to_async(self.send_event)(name, payload, key=key, by=by)

    async def aask(self, name: str, payload: Any = None, *, timeout: timedelta | float = 30, by: Person | None = None) -> Any:
        """Do `ask` from async code."""
        return await sync_to_async(self.ask)(name, payload, timeout=timeout, by=by)

    async def acancel(self, reason: str, *, compensate: bool = True, by: Person | None = None) -> None:
        """Do `cancel` from async code."""
        await sync_to_async(self.cancel)(reason, compensate=compensate, by=by)

    async def aretry(self, reason: str = "", *, by: Person | None = None) -> None:
        """Do `retry` from async code."""
        await sync_to_async(self.retry)(reason, by=by)

    async def acompensate(self, reason: str, *, by: Person | None = None) -> None:
        """Do `compensate` from async code."""
        await sync_to_async(self.compensate)(reason, by=by)

    async def await_(self, timeout: timedelta | float) -> Any:
        """Do `wait` from async code."""
        return await sync_to_async(self.wait)(timeout)
