"""Reading the transitions that django-fsm declares, for the guard in the database."""

from __future__ import annotations

from django.db import models
from django_fsm import FSMField, transition

__all__ = ["FSMField", "declared_transitions", "transition"]


def declared_transitions(model: type[models.Model]) -> dict[tuple[str, str], str]:
    """Map (from status, to status) to the history verb, as the model's `@transition` methods declare them."""
    field = model._meta.get_field("status")
    declared: dict[tuple[str, str], str] = {}
    for change in field.get_all_transitions(model):  # type: ignore[union-attr] # an FSMField
        pair = (str(change.source), str(change.target))
        verb = change.custom["event"]
        if declared.setdefault(pair, verb) != verb:
            raise TypeError(f"{model._meta.label}: {pair} is declared both as {declared[pair]} and as {verb}.")
    return declared
