"""Values that a body records."""

from __future__ import annotations

import json
import random as _random
import uuid as _uuid
from datetime import datetime
from typing import Any

from ..models import Task
from ..values.encoding import dump
from ..values.texts import check_size, label
from .replay import current_replay


def set_state(state: str) -> None:
    """Set the business's own state of this workflow; every one leaves a row in the history."""
    label(state, "set_state(): the state")
    replay = current_replay("set_state")

    def change() -> None:
        replay.run.state = state

    replay.record(Task.Kind.STATE, state, change, "a state")


def set_attributes(**attributes: Any) -> None:
    """Add or replace searchable labels of this workflow."""
    replay, given = current_replay("set_attributes"), json.loads(dump(attributes, "set_attributes()"))

    def change() -> None:
        together = json.dumps(json.loads(replay.run.attributes) | given)
        replay.run.attributes = check_size(together, "set_attributes(): all attributes together")

    replay.record(Task.Kind.VALUE, "set_attributes", change, "attributes")


def now() -> datetime:
    """Return the time; the same on every replay."""
    replay = current_replay("now")
    moment: datetime = replay.record(Task.Kind.VALUE, "now", replay.run.now, "now()")
    return moment


def uuid4() -> _uuid.UUID:
    """Return a random UUID; the same on every replay."""
    made: _uuid.UUID = current_replay("uuid4").record(Task.Kind.VALUE, "uuid4", _uuid.uuid4, "uuid4()")
    return made


def random() -> float:
    """Return a random number from 0 up to 1; the same on every replay."""
    made: float = current_replay("random").record(Task.Kind.VALUE, "random", _random.random, "random()")
    return made
