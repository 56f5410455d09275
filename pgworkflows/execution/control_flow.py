"""What passes through users' code without being theirs to catch: BaseException, so that `except Exception` lets it by."""

from __future__ import annotations


class ControlFlow(BaseException):
    """Base of what the engine throws through a body or a step."""


class Suspended(ControlFlow):
    """The body stops here for now; where and why is on the run."""


class LockConflict(ControlFlow):
    """A step met a lock or a deadlock; it was rolled back, does not count, and its workflow runs next alone."""


class TransactionLost(ControlFlow):
    """The whole transaction is gone; its workflows run again one by one."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)
