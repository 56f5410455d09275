"""What approvers are shown of a business row, declared for any model: one's own, or another package's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model

from .registry import registry


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectDescription:
    """Names of fields, relations, properties and methods without arguments, in the order in which they are shown."""

    snapshot: tuple[str, ...] | None = None
    text: Callable[[Any], str] | None = None


def describe_subject(
    model: type[Model], *, snapshot: Sequence[str] | None = None, text: Callable[[Any], str] | None = None
) -> None:
    """Say, in a `workflows.py`, what approvers see of a model's rows and agree to; it holds for its proxies and children too.

    `snapshot` names fields, relations, properties and methods without arguments, in order. A related row is shown by its key
    and `str()`; of a relation to many, `str()` of the first 50 rows by primary key. `text(row)` names a row in one line, in
    place of `str()`. It comes before the model's own `approval_snapshot()`. Raises TypeError for a name that the model lacks.
    """
    if not (isinstance(model, type) and issubclass(model, Model)):
        raise TypeError(f"describe_subject() takes a model, not {model!r}.")
    names = None if snapshot is None else tuple([snapshot] if isinstance(snapshot, str) else snapshot)
    for name in names or ():
        if not _has(model, name):
            known = ", ".join(field.name for field in model._meta.concrete_fields)
            raise TypeError(f"describe_subject({model._meta.label}): there is no {name!r}. Its fields are {known}.")
    if text is not None and not callable(text):
        raise TypeError(f"describe_subject({model._meta.label}): text= takes a function of a row, not {text!r}.")
    registry.subjects[model] = SubjectDescription(snapshot=names, text=text)


def _has(model: type[Model], name: str) -> bool:
    try:
        return hasattr(model, model._meta.get_field(name).name)
    except FieldDoesNotExist:
        return hasattr(model, name)


def description_of(model: type[Model]) -> SubjectDescription:
    """Return what is declared for a model or, nearest first, for what it inherits from."""
    found = (registry.subjects[kind] for kind in model.__mro__ if kind in registry.subjects)
    return next(found, SubjectDescription())
