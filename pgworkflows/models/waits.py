"""What a workflow waits for, as its row records it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models

Wait = dict[str, Any]


class WaitKind(models.TextChoices):
    """What a wait is for; beside `since`, each kind has its facts."""

    # Its time: until.
    TIMER = "TIMER"
    # An event, which is its title: correlation, until.
    EVENT = "EVENT"
    # To be asked what is its title: until.
    REQUEST = "REQUEST"
    # A row of the model that is its title: until.
    ROW = "ROW"
    # Another call of the step that is its title: calls (how many there were), until.
    POLL = "POLL"
    # A decision; the title is the approval's: approval, until.
    APPROVAL = "APPROVAL"
    # What was sent back, to be submitted again: approval, by.
    CHANGES = "CHANGES"
    # A child; the title is its definition: workflow.
    CHILD = "CHILD"
    # Another attempt of the step that is its title: attempt, until.
    ATTEMPT = "ATTEMPT"
    # The answer to a call of the step that is its title: attempt.
    CALL = "CALL"
    # What other transactions hold, and the step that is its title needs: until.
    LOCK = "LOCK"
    # The executor that the step which is its title needs, and that cannot be used: executor, until.
    EXECUTOR = "EXECUTOR"
    # Room in that executor: executor, until.
    ROOM = "ROOM"
    # Another call of the step that is its title, since its executor lost it: error.
    LOST = "LOST"
    # Another try, since its transaction was lost: error.
    TRANSACTION = "TRANSACTION"
    # A person, since it is blocked: error.
    PERSON = "PERSON"


#: What is tried again later, and by `retry()` now. Not ROOM: who is sent away for want of it comes back as fast as calls end.
TRIED_NOW = (WaitKind.ATTEMPT, WaitKind.LOCK, WaitKind.EXECUTOR, WaitKind.LOST, WaitKind.TRANSACTION)


def wait_for(kind: models.TextChoices, title: str = "", **facts: Any) -> Wait:
    """Make a wait: JSON, moments as ISO 8601 says, without what is None. What an error says stands beside it, and not in here."""
    known = {name: fact.isoformat() if isinstance(fact, datetime) else fact for name, fact in facts.items() if fact is not None}
    return {"kind": str(kind), "title": title, **known}
