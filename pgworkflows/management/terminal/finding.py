"""From what somebody typed to one workflow."""

from __future__ import annotations

import uuid

from django.core.management.base import CommandError

from ...conf import conf
from ...models import Workflow

DIGITS = 32


def find(typed: str) -> Workflow:
    """Return the workflow whose id begins with what was typed; raise CommandError for none or several."""
    digits = typed.replace("-", "").lower()
    if not digits or len(digits) > DIGITS or set(digits) - set("0123456789abcdef"):
        raise CommandError(f"{typed!r} is no id of a workflow, nor the beginning of one. `manage.py workflows list` shows ids.")
    first, last = (uuid.UUID(digits.ljust(DIGITS, filler)) for filler in "0f")
    found = list(Workflow.objects.using(conf().DATABASE).filter(id__range=(first, last)).order_by("id")[:4])
    if not found:
        raise CommandError(f"No workflow has an id that begins with {typed}. `manage.py workflows list` shows ids.")
    if len(found) > 1:
        some = "".join(f"\n  {one.id}  {one.name}" for one in found[:3])
        raise CommandError(f"Several workflows have an id that begins with {typed}:{some}\nType more of it.")
    return found[0]
