"""What approvers are shown of each kind of business row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps

from ...definitions.registry import registry
from ...definitions.subjects import description_of
from ...models import WorkflowRelation
from ...store.approvals.shown_fields import default_names, is_secret, left_out
from ...store.health import subject_labels


def list_snapshots() -> Iterator[str]:
    """Yield, for each model that has been a subject or says that it may be, what is shown and what is left out."""
    used = subject_labels()
    for model in sorted(apps.get_models(), key=lambda model: model._meta.label):
        related = any(isinstance(field, WorkflowRelation) for field in model._meta.private_fields)
        if related or model in registry.subjects or hasattr(model, "approval_snapshot") or model._meta.label_lower in used:
            yield from _told(model)


def _told(model: Any) -> Iterator[str]:
    described = description_of(model)
    names, in_short = described.snapshot, f"  in short: {', '.join(described.summary)}"
    if names is None and hasattr(model, "approval_snapshot"):
        yield f"{model._meta.label}: what its approval_snapshot() returns"
        yield from [in_short] if described.summary else []
        return
    shown = default_names(model) if names is None else names
    yield f"{model._meta.label}: {', '.join(name for name in shown if not is_secret(name))}"
    yield from [in_short] if described.summary else []
    reasons = dict(left_out(model)) if names is None else {name: "secret" for name in names if is_secret(name)}
    if reasons:
        yield f"  left out: {', '.join(f'{name} ({reason})' for name, reason in reasons.items())}"
