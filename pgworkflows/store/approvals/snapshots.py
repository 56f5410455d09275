"""What is shown of a business row for approval, its hash, and whether it is still the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DatabaseError, models

from ...definitions.subjects import description_of
from ...exceptions import NotStorable, SubjectChanged
from ...values.encoding import ModelReference
from ..connection import database
from .shown_fields import default_names, is_secret, values


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Plain JSON data, and the SHA-256 of its canonical text in hexadecimal."""

    data: Any
    hash: str

    @property
    def keys(self) -> list[str] | None:
        """Every key, in the order in which it is first shown."""
        return None if self.data is None else list(dict.fromkeys(_keys(self.data)))


def _keys(data: Any) -> Iterator[str]:
    if isinstance(data, dict):
        yield from data
    for item in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from _keys(item)


LONGEST_TEXT = 200
NOTHING = Snapshot(None, "")


def snapshot_of(subject: models.Model, *, lock: bool = False) -> Snapshot:
    """Return what `describe_subject`, else `approval_snapshot()`, else the model's fields say; raise NotStorable.

    Secrets are in neither data nor hash. `lock` also locks the related rows that are shown and belong to this one.
    """
    names, describe = description_of(type(subject)).snapshot, getattr(subject, "approval_snapshot", None)
    if names is None and describe is not None:
        shown = describe()
    else:
        shown = values(subject, default_names(type(subject)) if names is None else names, lock=lock)
    where = f"{subject._meta.label}.approval_snapshot()"
    if not isinstance(shown, dict):
        raise NotStorable(where, f"it returned {type(shown).__name__}, not a dict.")
    try:
        data = _storable(json.loads(_text(shown)))
        return Snapshot(data, hashlib.sha256(_text(data, sort_keys=True).encode()).hexdigest())
    except (TypeError, ValueError, RecursionError) as error:
        raise NotStorable(where, f"{error}.") from error


def _text(shown: Any, **options: Any) -> str:
    return json.dumps(shown, cls=DjangoJSONEncoder, ensure_ascii=False, allow_nan=False, **options)


def _storable(value: Any) -> Any:
    """Return JSON data without secrets, and without what PostgreSQL does not store in text."""
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items() if not is_secret(key)}
    if isinstance(value, list):
        return [_storable(item) for item in value]
    return value.replace("\x00", "\\x00").encode(errors="backslashreplace").decode() if isinstance(value, str) else value


def text_of(subject: models.Model) -> str:
    """Return what names a row in one line, of at most 200 characters."""
    model, kind = subject._meta.model, cast(Any, type(subject))
    describe = description_of(model).text or str
    try:
        if kind is ModelReference:  # a body has no more of a row than its key
            return f"{model._meta.verbose_name} {subject.pk}"
        return str(_storable(" ".join(str(describe(subject)).split())))[:LONGEST_TEXT]
    except DatabaseError:
        raise
    except Exception:  # of other packages' code: its key names it too
        return f"{subject._meta.verbose_name} {subject.pk}"


def find_subject(label: str, key: str, *, lock: bool = False) -> models.Model | None:
    """Return the row as it is now, or None where there is none of that key; with `lock`, locked against changes.

    The lock covers the rows of its parents too, and where related rows are shown, nobody adds one meanwhile.
    """
    try:
        model = apps.get_model(label)
        key = model._meta.pk.to_python(key)
    except (LookupError, ValueError, TypeError, ValidationError):  # SQL takes any text for a subject
        return None
    rows: models.QuerySet[models.Model] = models.QuerySet(model, using=database().alias)
    if lock:
        rows = rows.select_for_update(no_key=description_of(model).snapshot is None)
    return rows.filter(pk=key).first()


def require_unchanged(label: str, key: str, shown: Any, shown_hash: str) -> None:
    """Raise SubjectChanged unless the row, which is locked until the transaction's end, is what was shown."""
    if not shown_hash:
        return
    subject = find_subject(label, key, lock=True)
    if subject is None:
        raise SubjectChanged(f"{label} {key}", {"": ["there", "deleted"]})
    current = snapshot_of(subject, lock=True)
    if current.hash != shown_hash:
        raise SubjectChanged(f"{label} {key}", difference(shown, current.data))


def difference(shown: dict[str, Any], current: dict[str, Any]) -> dict[str, list[Any]]:
    """Return for each key that differs what was shown and what is there now."""
    return {
        key: [shown.get(key), current.get(key)]
        for key in [*shown, *(key for key in current if key not in shown)]
        if shown.get(key) != current.get(key)
    }
