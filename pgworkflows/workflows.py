"""The workflows that tell people what happens to an approval."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

from .definitions.decorators import step, workflow
from .definitions.retry import Retry
from .emails import sending
from .exceptions import WaitTimeout
from .execution.context import current_workflow
from .execution.waits.event import wait_for_event
from .store.approvals.announcements import ANNOUNCE, EMAIL, Notification

#: Some hours; then a person has to see to the mail server, and `retry()` goes on.
PATIENCE = Retry(max_attempts=20, initial=5, maximum=3600)


@workflow(name=ANNOUNCE)
def announce(approval: int, notification: str) -> None:
    """Send the signal of one notification, and put it into the e-mails of those whom it concerns."""
    tell(approval, notification)


@step(name="pgworkflows.tell", atomic=False, retry=PATIENCE, timeout=timedelta(minutes=5))
def tell(approval: int, notification: str) -> None:
    """Send the signal, at least once, and put it into an e-mail to each."""
    sending.tell(approval, Notification(notification), email, key=str(current_workflow().id))


@workflow(name=EMAIL)
def email(person: Any) -> None:
    """Write to one person of all that was put into this e-mail before it begins."""
    happened = []
    with suppress(WaitTimeout):
        while True:
            happened.append(wait_for_event(sending.NEWS, timeout=0))
    write(person, happened)


@step(name="pgworkflows.write", atomic=False, retry=PATIENCE, timeout=timedelta(minutes=5))
def write(person: Any, happened: list[dict[str, Any]]) -> None:
    """Write one e-mail, at least once."""
    sending.write(person, happened, email=str(current_workflow().id))
