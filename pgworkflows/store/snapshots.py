"""What is shown of a business row for approval, its hash, and whether it is still the same."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django_fsm import FSMFieldMixin

from ..exceptions import NotStorable, SubjectChanged
from .connection import database


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Plain JSON data, and the SHA-256 of its canonical text in hexadecimal."""

    data: Any
    hash: str


NOTHING = Snapshot(None, "")


def snapshot_of(subject: models.Model) -> Snapshot:
    """Return what the model's `approval_snapshot()` says, else its concrete fields; raise NotStorable."""
    describe = getattr(subject, "approval_snapshot", None)
    shown = describe() if describe is not None else _concrete_fields(subject)
    where = f"{subject._meta.label}.approval_snapshot()"
    if not isinstance(shown, dict):
        raise NotStorable(where, f"it returned {type(shown).__name__}, not a dict.")
    try:
        text = json.dumps(shown, cls=DjangoJSONEncoder, sort_keys=True, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise NotStorable(where, f"{error}.") from error
    return Snapshot(json.loads(text), hashlib.sha256(text.encode()).hexdigest())


def _concrete_fields(subject: models.Model) -> dict[str, Any]:
    """Return every column but those that change by themselves: `auto_now`, and the state of a machine."""
    shown = {}
    for field in subject._meta.concrete_fields:
        if getattr(field, "auto_now", False) or isinstance(field, FSMFieldMixin):
            continue
        value = field.value_from_object(subject)
        shown[field.name] = str(value) if isinstance(field, models.FileField | models.BinaryField) else value
    return shown


def find_subject(label: str, key: str, *, lock: bool = False) -> models.Model | None:
    """Return the row as it is now, or None where it is gone; with `lock`, locked against changes."""
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError):
        return None
    rows = model._base_manager.using(database().alias)
    if lock:
        rows = rows.select_for_update(no_key=True, of=("self",))
    found: models.Model | None = rows.filter(pk=key).first()
    return found


def require_unchanged(label: str, key: str, shown: Any, shown_hash: str) -> None:
    """Raise SubjectChanged unless the row, which is locked until the transaction's end, is what was shown."""
    if not shown_hash:
        return
    subject = find_subject(label, key, lock=True)
    if subject is None:
        raise SubjectChanged(f"{label} {key}", {"": ["there", "deleted"]})
    current = snapshot_of(subject)
    if current.hash != shown_hash:
        raise SubjectChanged(f"{label} {key}", difference(shown, current.data))


def difference(shown: dict[str, Any], current: dict[str, Any]) -> dict[str, list[Any]]:
    """Return for each key that differs what was shown and what is there now."""
    keys = sorted(shown.keys() | current.keys())
    return {key: [shown.get(key), current.get(key)] for key in keys if shown.get(key) != current.get(key)}
