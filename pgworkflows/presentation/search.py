"""From what somebody typed to the approvals that are meant, each way along an index; and what other lists share of that."""

from __future__ import annotations

import json
import math
import re
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import Any

from django.apps import apps
from django.contrib.postgres.search import SearchQuery, SearchVectorExact, SearchVectorField
from django.db.models import F, Func, Q, QuerySet

from ..conf import conf
from ..models import Approval, Workflow
from ..models.people import person
from ..values.redaction import is_hidden

#: Up to here what was found is taken by its ids; more is so frequent that it is soon met in the list's own order.
MOST_FOUND = 5_000
#: What PostgreSQL would take for a part of a number, an address or a path: `PR-2026-7` has the words `pr`, `2026` and `7`.
JOINING = "&+-./:<=>?@_~"


class Words(Func):
    """The words of a text, as its index has them."""

    template = f"to_tsvector('simple', translate(%(expressions)s, '{JOINING}', '{' ' * len(JOINING)}'))"
    output_field = SearchVectorField()


def words_of(column: str, typed: str) -> list[Q]:
    """Find texts with all these words, or with words that begin so."""
    words = re.findall(r"[^\W_]+", typed)
    if not words:
        return []
    prefixes = SearchQuery(" & ".join(f"{word}:*" for word in words), config="simple", search_type="raw")
    return [Q(SearchVectorExact(Words(F(column)), prefixes))]


def workflows_named(typed: str) -> list[Any]:
    """Return the ids of workflows whose subject is called so, as many as may be taken by their ids."""
    rows = Workflow.objects.using(conf().DATABASE).exclude(subject_text="")
    return [
        found
        for condition in words_of("subject_text", typed)
        for found in rows.filter(condition).values_list("pk", flat=True)[:MOST_FOUND]
    ]


def meant(typed: str) -> Q:
    """Return what to filter approvals by: beginnings of words of title or subject, the subject's key, or the requester."""
    found = along_each(Approval.objects.using(conf().DATABASE), [*words_of("title", typed), about(typed)])
    if named := workflows_named(typed):
        found |= Q(workflow__in=named)
    asker = person(typed, conf().DATABASE)
    return found if asker is None else found | Q(requested_by=asker)


def along_each(rows: QuerySet[Any], conditions: list[Q]) -> Q:
    """Ask for each by itself, along its index: among others the planner cannot tell what is rare from what is frequent."""
    keys, frequent = set[Any](), Q()
    for condition in conditions:
        some = list(rows.filter(condition).values_list("pk", flat=True)[: MOST_FOUND + 1])
        if len(some) > MOST_FOUND:
            frequent |= condition
        else:
            keys |= set(some)
    return Q(pk__in=keys) | frequent


def about(typed: str) -> Q:
    """Find a subject by its key alone, or by `app_label.model:key`."""
    labels = [model._meta.label_lower for model in apps.get_models()]
    found = Q(subject_label__in=labels, subject_id=typed)
    label, _, key = typed.partition(":")
    if key:
        found |= Q(subject_label=label.strip().lower(), subject_id=key.strip())
    return found & ~Q(subject_label="")


def labelled(typed: str) -> Q:
    """Find `region=EU`, and `amount=3` whether it is a number, a Decimal or text; what is hidden cannot be searched for."""
    attribute, sign, value = (part.strip() for part in typed.partition("="))
    if not (attribute and sign) or is_hidden(attribute):
        return Q(pk=None)
    found = Q()
    for stored in _as_stored(value):
        found |= Q(attributes__contains={attribute: stored})
    return found & ~Q(attributes={})


def _as_stored(value: str) -> list[Any]:
    stored: list[Any] = [value]
    with suppress(ValueError, RecursionError):
        other = json.loads(value)
        if isinstance(other, bool):
            stored.append(other)
        elif isinstance(other, int) or (isinstance(other, float) and math.isfinite(other)):
            stored += [other, *({"$decimal": text} for text in _decimals(value))]
    return stored


def _decimals(value: str) -> set[str]:
    """Return how a Decimal of this value may be written: as it was typed, and with two places."""
    written = {value}
    with suppress(InvalidOperation):
        in_cents = Decimal(value).quantize(Decimal("0.01"))
        written |= {str(in_cents)} if in_cents == Decimal(value) else set()
    return written
