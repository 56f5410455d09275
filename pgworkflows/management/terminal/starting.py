"""Starting a workflow with arguments that came as plain JSON."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from django.core.management.base import CommandError

from ...definitions.arguments import convert
from ...definitions.registry import registry
from ...definitions.workflow import WorkflowFunction
from ...models import Workflow


def start(name: str, version: int | None, plain: dict[str, Any], **using: Any) -> Workflow:
    """Convert the arguments by the parameters' annotations, and start; raise CommandError naming what does not fit."""
    workflow = _definition(name, version)
    try:
        arguments = convert(workflow.name, workflow.function, workflow.signature, plain)
        given = workflow.using(**{option: value for option, value in using.items() if value is not None})
    except (TypeError, ValueError) as error:
        raise CommandError(str(error)) from error
    return given.start(**arguments)


def _definition(name: str, version: int | None) -> WorkflowFunction[..., Any]:
    names = sorted({known for known, _ in registry.workflows})
    if name not in names:
        near = get_close_matches(name, names, n=1)
        meant = f"Did you mean {near[0]}?" if near else f"There are {', '.join(names) or 'none'}."
        raise CommandError(f"No workflow is named {name}. {meant}")
    if version is None:
        return registry.latest(name)
    if (name, version) not in registry.workflows:
        has = ", ".join(str(known) for other, known in sorted(registry.workflows) if other == name)
        raise CommandError(f"{name} has no version {version} in this code. It has {has}.")
    return registry.workflows[name, version]
