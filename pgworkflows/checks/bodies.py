"""Warnings at calls in a body whose answer a replay would not repeat."""

from __future__ import annotations

import ast
import datetime
import inspect
import os
import random
import secrets
import time
import uuid
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from django.core import checks
from django.forms import BaseForm
from django.utils import timezone

from ..definitions.naming import syntax_tree
from ..definitions.registry import registry
from ..definitions.workflow import WorkflowFunction
from ..execution.waits.approval import request_approval
from .names import Names, place

_RECORDED_TIME = "Use pgworkflows.now(), whose answer is recorded"
_RECORDED_CHANCE = "Use pgworkflows.random(), whose answer is recorded"
_RECORDED_ID = "Use pgworkflows.uuid4(), whose answer is recorded"
_FIXED = "Pass it as an argument at start()"
# Their answer depends on nothing but their arguments.
_REPEATABLE = {"Random", "SafeUUID", "UUID", "compare_digest", "struct_time", "uuid3", "uuid5"}


def _functions(module: ModuleType) -> Iterator[Any]:
    """List what a module offers to call, without what it has imported itself."""
    for name, value in vars(module).items():
        own = hasattr(value, "__self__") or getattr(value, "__module__", None) == module.__name__
        if callable(value) and own and not name.startswith("_") and name not in _REPEATABLE:
            yield value


#: What not to call, and what to do instead. Bound methods compare by what they are bound to.
_AVOID: dict[Any, str] = {
    **dict.fromkeys(_functions(time), _RECORDED_TIME),
    **dict.fromkeys(_functions(random), _RECORDED_CHANCE),
    **dict.fromkeys(_functions(secrets), _RECORDED_CHANCE),
    **dict.fromkeys(_functions(uuid), _RECORDED_ID),
    time.sleep: "Use pgworkflows.sleep(), which holds no worker",
    datetime.datetime.now: _RECORDED_TIME,
    datetime.datetime.utcnow: _RECORDED_TIME,
    datetime.datetime.today: _RECORDED_TIME,
    datetime.date.today: _RECORDED_TIME,
    timezone.now: _RECORDED_TIME,
    os.getenv: _FIXED,
    os.urandom: _RECORDED_CHANCE,
}


def check_bodies() -> list[checks.CheckMessage]:
    """Warn, with file and line, at each such call in each registered body, and report forms that it does not declare."""
    return [warning for workflow in registry.workflows.values() for warning in _check(workflow)]


def _check(workflow: WorkflowFunction[..., Any]) -> Iterator[checks.CheckMessage]:
    function = inspect.unwrap(workflow.function)
    tree = syntax_tree(function)
    if tree is None:
        return
    names = _BodyNames(function, tree)
    for node in ast.walk(tree):
        where = place(function, node)
        form = names.form(node)
        if form is not None and form not in workflow.forms:
            yield checks.Error(
                f"{where}: the body of {workflow.name} asks for the form {form.__qualname__} without declaring it.",
                hint=f"Write @workflow(forms=[{form.__qualname__}]).",
                obj=workflow.name,
                id="pgworkflows.E015",
            )
        remedy = names.remedy(node)
        if remedy:
            yield checks.Warning(
                f"{where}: the body of {workflow.name} uses {ast.unparse(node)}, whose answer "
                "differs when the body is run again.",
                hint=f"{remedy}, or do it in a @step.",
                obj=workflow.name,
                id="pgworkflows.W001",
            )


class _BodyNames(Names):
    """What the names in a body stand for."""

    def remedy(self, node: ast.AST) -> str | None:
        """Return what to do instead of this call, or of reading the environment; None where it is fine."""
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
            return _FIXED if self.meaning(node) is os.environ else None
        if not isinstance(node, ast.Call):
            return None
        meant = self.meaning(node.func)
        try:
            return _AVOID.get(meant)
        except TypeError:  # not hashable, so it is none of them
            return None

    def form(self, node: ast.AST) -> type[BaseForm] | None:
        """Return the form that this call asks approvers to fill in, where that can be told."""
        if not isinstance(node, ast.Call) or self.meaning(node.func) is not request_approval:
            return None
        given = next((self.meaning(keyword.value) for keyword in node.keywords if keyword.arg == "form"), None)
        return given if isinstance(given, type) and issubclass(given, BaseForm) else None
