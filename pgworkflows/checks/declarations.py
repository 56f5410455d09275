"""Checks of what the `workflows.py` modules declare."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error

from ..conf import SETTING, conf
from ..definitions.arguments import defaults
from ..definitions.registry import registry
from ..definitions.schedule import problems
from ..definitions.step import DEFAULT_EXECUTOR, Step
from ..definitions.workflow import WorkflowFunction
from ..exceptions import NotStorable
from ..store.approvals.shown_fields import is_secret, left_out
from ..values.encoding import encode


def check_declarations() -> list[CheckMessage]:
    """Report what of the declarations cannot be meant: each kind has a function below."""
    failed = [_import_failed(module, error) for module, error in registry.import_errors.items()]
    clashes = [_clash(old, new) for old, new in registry.clashes]
    stored = [error for workflow in registry.workflows.values() for error in _check_defaults(workflow)]
    return [*failed, *clashes, *stored, *_check_executors(), *_check_summaries(), *_check_schedules()]


def _check_summaries() -> Iterator[CheckMessage]:
    """Yield what a summary names and no snapshot has."""
    for model, described in registry.subjects.items():
        bare = described.snapshot is None and not hasattr(model, "approval_snapshot")
        reasons = dict(left_out(model)) if bare else {}
        for name in described.summary:
            reason = "secret" if is_secret(name) else reasons.get(name)
            if reason:
                yield Error(
                    f"describe_subject({model._meta.label}): summary= names {name!r}, which is not shown ({reason}).",
                    hint="Leave it out" + ("." if reason == "secret" else ", or name it in snapshot= too."),
                    id="pgworkflows.E022",
                )


def _check_schedules() -> Iterator[CheckMessage]:
    """Yield schedules that could start nothing; they are not written."""
    for name, declared in registry.schedules.items():
        for problem in problems(declared):
            yield Error(
                f"schedule({name!r}): {problem}",
                hint="Until it is right, `migrate` and workers leave it as it was.",
                id="pgworkflows.E023",
            )


def _check_executors() -> Iterator[CheckMessage]:
    """Yield steps, and what undoes them, that ask for an executor which settings do not have."""
    known = {DEFAULT_EXECUTOR, *conf().EXECUTORS}
    undoing = [step.undo for step in registry.steps.values() if step.undo is not None]
    for step in [*registry.steps.values(), *undoing]:
        if step.executor not in known:
            yield Error(
                f"Step {step.name} asks for executor {step.executor!r}, which {SETTING}['EXECUTORS'] does not have "
                f"({place_of(step.function)}).",
                hint=f"It has {', '.join(sorted(known))}. Declare another one there, or leave executor= out for the default.",
                id="pgworkflows.E020",
            )


def _check_defaults(workflow: WorkflowFunction[..., Any]) -> Iterator[CheckMessage]:
    """Yield what `migrate` and a starting worker could not write to the definition's row."""
    for parameter, value in defaults(workflow.signature).items():
        try:
            encode(value, f"{workflow.name}: the default of argument {parameter!r}")
        except NotStorable as error:
            yield Error(
                f"{error} ({place_of(workflow.function)}).",
                hint="Use None, or a value that can be stored, and make of it in a step what the body needs.",
                id="pgworkflows.E014",
            )


def _import_failed(module: str, error: Exception) -> Error:
    return Error(
        f"{module} cannot be imported: {type(error).__name__}: {error}",
        hint=f"`python -c 'import {module}'` shows where. Until it is right, its workflows are unknown.",
        id="pgworkflows.E010",
    )


def place_of(function: Any) -> str:
    """Return `path/file.py:line` of a function."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else repr(function)


def _clash(old: Any, new: Any) -> Error:
    places = f"{place_of(old.function)} and {place_of(new.function)}"
    if isinstance(new, Step):
        return Error(
            f"Two steps are named {new.name}: {places}.",
            hint="Give one of them another name, as in @step(name=...).",
            id="pgworkflows.E011",
        )
    if old.signature.parameters.keys() != new.signature.parameters.keys():
        return Error(
            f"Two workflows are named {new.name} version {new.version} and take different arguments, "
            f"{old.signature} and {new.signature}: {places}.",
            hint=f"Keep the older one, and declare the newer one with @workflow(version={new.version + 1}).",
            id="pgworkflows.E013",
        )
    return Error(
        f"Two workflows are named {new.name} version {new.version}: {places}.",
        hint="Give one of them another name, or if it is the same work, another version.",
        id="pgworkflows.E012",
    )
