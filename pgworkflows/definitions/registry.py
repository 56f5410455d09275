"""What has been declared, by name, and what went wrong while declaring it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, fields
from importlib import import_module
from typing import Any

from django.apps import apps
from django.db.models import Model
from django.utils.module_loading import module_has_submodule

from ..exceptions import WorkflowNotFound
from ..values.encoding import path_of
from .declared_schedule import DeclaredSchedule
from .step import Step
from .workflow import WorkflowFunction

MODULE = "workflows"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectDescription:
    """What `describe_subject` said: names of what a row has, in the order in which they are shown."""

    snapshot: tuple[str, ...] | None = None
    #: Those of the snapshot that stand first, and alone where there is little room.
    summary: tuple[str, ...] = ()
    text: Callable[[Any], str] | None = None


@dataclass(slots=True)
class Registry:
    """Workflows by (name, version) and steps by name; two functions under one name are remembered, not raised."""

    workflows: dict[tuple[str, int], WorkflowFunction[..., Any]] = field(default_factory=dict)
    steps: dict[str, Step[..., Any]] = field(default_factory=dict)
    clashes: list[tuple[Any, Any]] = field(default_factory=list)
    import_errors: dict[str, Exception] = field(default_factory=dict)
    #: What `@approvers` registered.
    resolvers: dict[str, Callable[[Any, Any], Iterable[Any]]] = field(default_factory=dict)
    #: What `describe_subject` said of models.
    subjects: dict[type[Model], SubjectDescription] = field(default_factory=dict)
    #: Schedules by name.
    schedules: dict[str, DeclaredSchedule] = field(default_factory=dict)

    def add_workflow(self, workflow: WorkflowFunction[..., Any]) -> None:
        """Register a workflow under its name and version."""
        self._add(self.workflows, (workflow.name, workflow.version), workflow)

    def add_step(self, step: Step[..., Any]) -> None:
        """Register a step under its name."""
        self._add(self.steps, step.name, step)

    def _add(self, known: dict[Any, Any], key: Any, new: Any) -> None:
        old = known.get(key)
        if old is not None and _place(old.function) != _place(new.function):
            self.clashes.append((old, new))
        if old is None or _path(old.function) == _path(new.function):
            known[key] = new

    def latest(self, name: str) -> WorkflowFunction[..., Any]:
        """Return the highest version of a name; raise WorkflowNotFound."""
        versions = [version for known, version in self.workflows if known == name]
        if not versions:
            raise WorkflowNotFound(f"definition named {name!r}")
        return self.workflows[name, max(versions)]

    def form(self, path: str) -> Any:
        """Return the form of this path that a workflow declares, or None."""
        return next((form for known in self.workflows.values() for form in known.forms if path_of(form) == path), None)


def _path(function: Any) -> tuple[str, str]:
    return function.__module__, function.__qualname__


def _place(function: Any) -> tuple[Any, ...]:
    """Return what tells a function from another of the same name in the same module: copied, and not renamed."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return (*_path(function), code and code.co_firstlineno)


registry = Registry()


def autodiscover() -> None:
    """Import each app's `workflows` module, as the admin does `admin`; keep what fails for the system check."""
    for app in apps.get_app_configs():
        if app.module is None or not module_has_submodule(app.module, MODULE):
            continue
        try:
            import_module(f"{app.name}.{MODULE}")
        except Exception as error:
            registry.import_errors[f"{app.name}.{MODULE}"] = error


@contextmanager
def isolated() -> Iterator[Registry]:
    """Forget, at the end, what is declared inside."""
    kept = {field.name: copy(getattr(registry, field.name)) for field in fields(registry)}
    try:
        yield registry
    finally:
        for name, value in kept.items():
            setattr(registry, name, value)
