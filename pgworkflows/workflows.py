"""The workflow that tells people what happens to an approval."""

from __future__ import annotations

from .definitions.retry import Retry
from .definitions.step import step
from .definitions.workflow import workflow
from .store.announcements import ANNOUNCE


@workflow(name=ANNOUNCE)
def announce(approval: int, happening: str) -> None:
    """Send the signal and the e-mails of one happening."""
    tell(approval, happening)


@step(name="pgworkflows.tell", atomic=False, retry=Retry(max_attempts=10, initial=5, maximum=3600))
def tell(approval: int, happening: str) -> None:
    """Send the signal and the e-mails of one happening, at least once."""
