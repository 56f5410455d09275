"""What approvers are shown of a business row, declared for any model: one's own, or another package's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model

from .registry import SubjectDescription, registry


def describe_subject(
    model: type[Model],
    *,
    snapshot: Sequence[str] | None = None,
    summary: Sequence[str] = (),
    text: Callable[[Any], str] | None = None,
) -> None:
    """Say, in a `workflows.py`, what approvers see of a model's rows and agree to; it holds for its proxies and children too.

    `snapshot` names fields, relations, properties and methods without arguments, in order. A related row is shown by its key
    and `str()`; of a relation to many, `str()` of the first 50 rows by primary key. `summary` names those of them that lists,
    e-mails and the head of the page show. `text(row)` names a row in one line, in place of `str()`. It comes before the model's
    own `approval_snapshot()`. Raises TypeError for a name that the model lacks, or of a summary, the snapshot.
    """
    if not (isinstance(model, type) and issubclass(model, Model)):
        raise TypeError(f"describe_subject() takes a model, not {model!r}.")
    names, short = None if snapshot is None else _names(snapshot), _names(summary)
    for name in names or ():
        _require(model, name)
    for name in short:
        if names is not None and name not in _keys(model, names):
            told = f"describe_subject({model._meta.label}): summary= names {name!r}, which snapshot= does not have"
            raise TypeError(f"{told}. It has {', '.join(names)}.")
        if names is None and not hasattr(model, "approval_snapshot"):
            _require(model, name)
    if text is not None and not callable(text):
        raise TypeError(f"describe_subject({model._meta.label}): text= takes a function of a row, not {text!r}.")
    registry.subjects[model] = SubjectDescription(snapshot=names, summary=short, text=text)


def _names(given: Sequence[str]) -> tuple[str, ...]:
    return tuple([given] if isinstance(given, str) else given)


def _keys(model: type[Model], names: tuple[str, ...]) -> Iterator[str]:
    """Yield under what these names are shown: a foreign key as its row and as its key."""
    yield from names
    by_name = {field.name: field for field in model._meta.concrete_fields}
    yield from (by_name[name].attname for name in names if name in by_name)


def _require(model: type[Model], name: str) -> None:
    if not _has(model, name):
        known = ", ".join(field.name for field in model._meta.concrete_fields)
        raise TypeError(f"describe_subject({model._meta.label}): there is no {name!r}. Its fields are {known}.")


def _has(model: type[Model], name: str) -> bool:
    try:
        return hasattr(model, model._meta.get_field(name).name)
    except FieldDoesNotExist:
        return hasattr(model, name)


def description_of(model: type[Model]) -> SubjectDescription:
    """Return what is declared for a model or, nearest first, for what it inherits from."""
    found = (registry.subjects[kind] for kind in model.__mro__ if kind in registry.subjects)
    return next(found, SubjectDescription())


def summary_names(label: str) -> tuple[str, ...]:
    """Return what is shown first of rows of this model; nothing where no such model is installed."""
    try:
        return description_of(apps.get_model(label)).summary
    except (LookupError, ValueError):  # SQL takes any text for a subject
        return ()
