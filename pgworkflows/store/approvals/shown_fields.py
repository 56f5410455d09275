"""Which columns of a business row its approvers see where nobody says otherwise, and each value as plain JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ObjectDoesNotExist
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DatabaseError, models
from django_fsm import FSMFieldMixin

from ...values.redaction import is_hidden
from ..connection import database

#: Of a relation to many; more are counted.
MOST_ROWS = 50
CANNOT = "(cannot be shown)"


def left_out(model: type[models.Model]) -> Iterator[tuple[str, str]]:
    """Yield each column that is not shown unless it is named, and why."""
    for field in model._meta.concrete_fields:
        if reason := _reason(field):
            yield field.name, reason


def default_names(model: type[models.Model]) -> list[str]:
    """Return the columns that are shown, of the model and its parents, in declared order."""
    return [field.name for field in model._meta.concrete_fields if not _reason(field)]


def _reason(field: Any) -> str:
    if field.remote_field is not None and getattr(field.remote_field, "parent_link", False):
        return "key of a parent"
    if getattr(field, "auto_now", False):
        return "changes by itself"
    if isinstance(field, FSMFieldMixin):
        return "state of a machine"
    if is_secret(field.name):
        return "secret"
    if not field.editable:
        return "not editable"
    return "binary" if isinstance(field, models.BinaryField) else ""


def is_secret(name: str) -> bool:
    """Whether neither display nor hash has it: a password, or what REDACT names."""
    return name == "password" or is_hidden(name)


def values(row: models.Model, names: list[str] | tuple[str, ...], *, lock: bool = False) -> dict[str, Any]:
    """Return what is shown under these names; `lock` locks the rows that belong to this one and are shown with it."""
    shown: dict[str, Any] = {}
    for name in names:
        try:
            field = row._meta.get_field(name)
        except FieldDoesNotExist:
            field = None
        try:
            if field is not None and field.concrete and not field.many_to_many:
                shown |= _column(row, field)
            else:
                shown[name] = _attribute(row, name, field, lock=lock)
        except DatabaseError:
            raise
        except ObjectDoesNotExist:
            shown[name] = None
        except Exception:  # of other packages' code: the rest is still shown
            shown[name] = CANNOT
    return shown


def _column(row: models.Model, field: Any) -> dict[str, Any]:
    if not field.is_relation:
        value = field.value_from_object(row)
        kept = _json(value)
        return {field.name: _plain(field.value_to_string(row)) if kept is None and value is not None else kept}
    key = getattr(row, field.attname)
    found = None
    if key is not None:
        rows = field.remote_field.model._base_manager.using(database().alias)
        found = rows.filter(**{field.target_field.name: key}).first()
    return {field.name: None if found is None else str(found), field.attname: _plain(key)}


def _plain(value: Any) -> Any:
    kept = _json(value)
    return str(value) if kept is None and value is not None else kept


def _json(value: Any) -> Any:
    """Return what JSON has as it is, and numbers, lists and dicts of such; None for all else."""
    if isinstance(value, str) and type(value) is str:
        return value
    if isinstance(value, bool | int | Decimal) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, list | tuple | dict):
        try:
            return json.loads(json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, allow_nan=False))
        except (TypeError, ValueError):
            return None
    return None


def _attribute(row: models.Model, name: str, field: Any, *, lock: bool) -> Any:
    value = getattr(row, name)
    if isinstance(value, models.Manager):
        return _related(value, lock=lock and field is not None and field.one_to_many)
    if callable(value):
        value = value()
    if isinstance(value, models.QuerySet):
        return [str(each) for each in value]
    return _plain(value)


def _related(manager: Any, *, lock: bool) -> list[str]:
    rows = manager.using(database().alias).order_by("pk")
    locked = rows.select_for_update(no_key=True, of=("self",)) if lock else rows
    shown = [str(row) for row in locked[:MOST_ROWS]]
    more = rows.count() - MOST_ROWS if len(shown) == MOST_ROWS else 0
    return [*shown, f"… {more} more"] if more > 0 else shown
