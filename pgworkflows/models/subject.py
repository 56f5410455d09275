"""Business rows, as workflows and approvals name them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps

if TYPE_CHECKING:
    from django.db.models import Model


def row_of(subject: Any) -> tuple[str, str]:
    """Return the label and id under which a business row is recorded as subject."""
    return subject._meta.label_lower, str(subject.pk)


def name_of_row(label: str, key: str) -> str:
    """Return a row's kind and key, empty for none; the label stands for itself where no model has it any more."""
    try:
        return f"{apps.get_model(label)._meta.verbose_name} {key}"
    except (LookupError, ValueError):
        return f"{label} {key}".strip()


def labels_of(model: type[Model]) -> list[str]:
    """Return the labels under which the rows of a model are recorded: its own, and those of proxies, parents and children."""
    return [other._meta.label_lower for other in apps.get_models() if _root(other) is _root(model)] or [model._meta.label_lower]


def _root(model: Any) -> Any:
    """Return the model whose primary key is that of all that inherit from it."""
    link = model._meta.pk.remote_field
    return _root(link.model) if link is not None and getattr(link, "parent_link", False) else model._meta.concrete_model
