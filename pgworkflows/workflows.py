"""The workflow that tells people what happens to an approval."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from .definitions.retry import Retry
from .definitions.step import step
from .definitions.workflow import workflow
from .execution.context import current_workflow
from .letters import sending
from .store.announcements import ANNOUNCE, Happening

#: Some hours; then a person has to see to the mail server, and `retry()` goes on.
PATIENCE = Retry(max_attempts=20, initial=5, maximum=3600)


@workflow(name=ANNOUNCE)
def announce(approval: int, happening: str) -> None:
    """Send the signal and the e-mails of one happening; whoever was written to is not written to again."""
    left = tell(approval, happening)
    while left:
        left = write(approval, happening, left)


@step(name="pgworkflows.tell", atomic=False, retry=PATIENCE, timeout=timedelta(minutes=5))
def tell(approval: int, happening: str) -> list[Any]:
    """Send the signal, at least once; return the primary keys of those who have to be written to."""
    return sending.send_signal(approval, Happening(happening))


@step(name="pgworkflows.write", atomic=False, retry=PATIENCE, timeout=timedelta(minutes=5))
def write(approval: int, happening: str, left: list[Any]) -> list[Any]:
    """Write to some of those who are left, at least once; return the others."""
    return sending.send_letters(approval, Happening(happening), left, key=str(current_workflow().id))
