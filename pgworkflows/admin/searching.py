"""From what somebody typed to the rows that are meant, each way along an index."""

from __future__ import annotations

import json
import math
import uuid
from contextlib import suppress

from django.apps import apps
from django.db.models import Q

from ..conf import conf
from ..models import Workflow
from ..models.history import BY_PEOPLE
from ..redaction import is_hidden
from ..site.searching import workflows_named
from .filters import names_in_use

DIGITS = 32
FEWEST_DIGITS = 8


def workflows_meant(typed: str) -> Q:
    """Return what to filter workflows by: an id or its beginning, a key, a subject by id or words, a name, an attribute."""
    names = names_in_use()
    if typed in names:
        return Q(name=typed)
    begins = _id_begins(typed)
    # Alone: among others with OR, the planner might look for a long range from the newest row on.
    if begins and Workflow.objects.using(conf().DATABASE).filter(begins).exists():
        return begins
    meant = Q(name__in=names, key=typed) | _about(typed) | Q(pk__in=workflows_named(typed))
    attribute, sign, value = (part.strip() for part in typed.partition("="))
    return meant | _labelled(attribute, value) if attribute and sign else meant


def _about(typed: str) -> Q:
    """Find a subject by its key alone, or by `app_label.model:key`."""
    labels = [model._meta.label_lower for model in apps.get_models()]
    found = Q(subject_label__in=labels, subject_id=typed)
    label, _, key = typed.partition(":")
    if key:
        found |= Q(subject_label=label.strip().lower(), subject_id=key.strip())
    return found & ~Q(subject_label="")


def _id_begins(typed: str) -> Q:
    digits = typed.replace("-", "").lower()
    if not FEWEST_DIGITS <= len(digits) <= DIGITS or set(digits) - set("0123456789abcdef"):
        return Q()
    return Q(id__range=[uuid.UUID(digits.ljust(DIGITS, filler)) for filler in "0f"])


def _labelled(attribute: str, value: str) -> Q:
    """Find `region=EU`, and `boxes=3` whether it is a number or text; what is hidden cannot be searched for."""
    if is_hidden(attribute):
        return Q()
    found = Q(attributes__contains={attribute: value})
    with suppress(ValueError, RecursionError):
        other = json.loads(value)
        if isinstance(other, int) or (isinstance(other, float) and math.isfinite(other)):
            found |= Q(attributes__contains={attribute: other})
    return found & ~Q(attributes={})


def history_meant(typed: str) -> Q:
    """Return what to filter history by: a workflow's id, or who acted."""
    try:
        return Q(workflow=uuid.UUID(typed))
    except ValueError:
        return Q(actor=typed) & ~Q(actor="") & BY_PEOPLE
