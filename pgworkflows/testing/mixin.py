"""For Django's own test cases."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from .clock import move_clock, restore_clock
from .runner import RunSummary, run_workflows

if TYPE_CHECKING:
    from unittest import TestCase as Base
else:
    Base = object


class WorkflowTestMixin(Base):
    """Add to TestCase or TransactionTestCase: `self.run_workflows()`, `self.move_clock(timedelta)`."""

    def run_workflows(self) -> RunSummary:
        """Run everything that can run now."""
        return run_workflows()

    def move_clock(self, by: timedelta) -> None:
        """Move the clock until this test ends."""
        self.addCleanup(restore_clock)
        move_clock(by)
