"""From what somebody typed to the rows that are meant, each way along an index."""

from __future__ import annotations

import uuid

from django.db.models import Q

from ..conf import conf
from ..models import Workflow
from ..models.history import BY_PEOPLE
from ..presentation.search import about, along_each, labelled, workflows_named
from .filters import names_in_use

DIGITS = 32
FEWEST_DIGITS = 8
FEWEST_OF_A_KEY = 3


def workflows_meant(typed: str) -> Q:
    """Return what to filter workflows by: an id or key or its beginning, a subject by id or words, a name, an attribute."""
    if typed in names_in_use():
        return Q(name=typed)
    rows = Workflow.objects.using(conf().DATABASE)
    begins = _id_begins(typed)
    if begins and rows.filter(begins).exists():
        return begins
    key = Q(key__startswith=typed) if len(typed) >= FEWEST_OF_A_KEY else Q(key=typed)
    return along_each(rows, [key, about(typed), labelled(typed)]) | Q(pk__in=workflows_named(typed))


def _id_begins(typed: str) -> Q:
    digits = typed.replace("-", "").lower()
    if not FEWEST_DIGITS <= len(digits) <= DIGITS or set(digits) - set("0123456789abcdef"):
        return Q()
    return Q(id__range=[uuid.UUID(digits.ljust(DIGITS, filler)) for filler in "0f"])


def history_meant(typed: str) -> Q:
    """Return what to filter history by: a workflow's id, or who acted."""
    try:
        return Q(workflow=uuid.UUID(typed))
    except ValueError:
        return Q(actor=typed) & ~Q(actor="") & BY_PEOPLE
