"""Warnings at mail, HTTP and task queues where a call that failed cannot take them back."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

from django.core import checks
from django.db import transaction

from ..definitions.naming import syntax_tree
from ..definitions.registry import registry
from ..definitions.step import Step
from .names import NOWHERE, Names, NotLoaded, place

_HTTP = frozenset({"delete", "get", "head", "options", "patch", "post", "put", "request"})
#: What makes an object whose methods are these verbs; of a package's other objects, `get` is one of a dict.
_CLIENTS = {"AsyncClient", "Client", "ClientSession", "Session", "session"}
#: By package, its functions and methods that have an effect outside the database.
_SENDING: dict[str, frozenset[str]] = {
    "django.core.mail": frozenset({"mail_admins", "mail_managers", "send", "send_mail", "send_mass_mail", "send_messages"}),
    "requests": _HTTP,
    "httpx": _HTTP | {"stream"},
    "aiohttp": _HTTP,
    "urllib.request": frozenset({"open", "urlopen", "urlretrieve"}),
    "celery": frozenset({"apply_async", "delay", "send_task"}),
    "django.tasks": frozenset({"aenqueue", "enqueue"}),
    "django_tasks": frozenset({"aenqueue", "enqueue"}),
    "rq": frozenset({"delay", "enqueue", "enqueue_at", "enqueue_in"}),
    "django_rq": frozenset({"delay", "enqueue", "enqueue_at", "enqueue_in"}),
    "dramatiq": frozenset({"send", "send_with_options"}),
}


def check_outside() -> list[checks.CheckMessage]:
    """Warn, with file and line, at each such call in each registered body, atomic step and atomic compensation."""
    return [
        *(
            _warning(
                f"{where}: the body of {workflow.name} calls {call}, which happens each time the body is run again.",
                hint="Put it into a @step(atomic=False) and call that.",
                name=workflow.name,
            )
            for workflow in registry.workflows.values()
            for where, call in _calls(workflow.function)
        ),
        *(
            _warning(
                f"{where}: atomic step {step.name} calls {call}, which is not undone with it and happens again with it.",
                hint=f"Make it {declaration}(atomic=False), or send it with transaction.on_commit().",
                name=step.name,
            )
            for declaration, step in _atomic_steps()
            for where, call in _calls(step.function)
        ),
    ]


def _warning(message: str, *, hint: str, name: str) -> checks.CheckMessage:
    return checks.Warning(message, hint=hint, obj=name, id="pgworkflows.W010")


def _atomic_steps() -> Iterator[tuple[str, Step[..., Any]]]:
    for step in registry.steps.values():
        if step.atomic:
            yield "@step", step
        if step.undo is not None and step.undo.atomic:
            yield f"@{step.function.__name__}.compensation", step.undo


def _calls(function: Callable[..., Any]) -> Iterator[tuple[str, str]]:
    """Yield file and line, and text, of what a function sends at once."""
    function = inspect.unwrap(function)
    tree = syntax_tree(function)
    if tree is not None:
        source = _Source(Names(function, tree))
        for call in source.sending(tree, source.deferred(tree)):
            yield place(function, call), f"{_text(call.func)}()"


class _Source:
    """What the calls in one function reach."""

    def __init__(self, names: Names) -> None:
        self.names = names

    def sending(self, node: ast.AST, deferred: set[str]) -> Iterator[ast.Call]:
        """Yield the calls below a node that send, but for those that wait for the commit."""
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Call) and self._defers(child.func):
                continue
            if isinstance(child, ast.FunctionDef) and (child.name in deferred or any(map(self._defers, child.decorator_list))):
                continue
            if isinstance(child, ast.Call) and self._sends(child):
                yield child
            yield from self.sending(child, deferred)

    def deferred(self, tree: ast.AST) -> set[str]:
        """Return the names that are handed to `transaction.on_commit()`."""
        handed = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and self._defers(node.func))
        return {name.id for call in handed for name in ast.walk(call) if isinstance(name, ast.Name)}

    def _defers(self, function: ast.expr) -> bool:
        return self.names.meaning(function) is transaction.on_commit

    def _sends(self, call: ast.Call, seen: frozenset[str] = frozenset()) -> bool:
        if self.names.meaning(call.func) is not NOWHERE:
            return any(name in _verbs(module) for module, name in self._origins(call.func, seen))
        if not isinstance(call.func, ast.Attribute):
            return False
        verb = call.func.attr
        return any(
            verb in _verbs(module) and (verb not in _HTTP or not maker or maker in _CLIENTS)
            for module, maker in self._origins(call.func.value, seen)
        )

    def _origins(self, node: ast.expr, seen: frozenset[str]) -> list[tuple[str, str]]:
        """Return module and name of what an expression stands for, or was made by; no name where it is a module."""
        meant = self.names.meaning(node)
        if meant is not NOWHERE:
            return _named(meant)
        if isinstance(node, ast.Name) and node.id not in seen and node.id in self.names.given:
            return self._origins(self.names.given[node.id], seen | {node.id})
        if isinstance(node, ast.Await):
            return self._origins(node.value, seen)
        # What a call that sends returns is an answer, whose own methods send nothing.
        if not isinstance(node, ast.Call) or self._sends(node, seen):
            return []
        function = node.func
        if isinstance(function, ast.Attribute) and self.names.meaning(function) is NOWHERE:
            owners = self._origins(function.value, seen)
            return [(module, maker or function.attr) for module, maker in owners]
        return self._origins(function, seen)


def _named(value: Any) -> list[tuple[str, str]]:
    if isinstance(value, ModuleType):
        return [(value.__name__, "")]
    if isinstance(value, NotLoaded):
        return [(value.module, value.name)]
    if isinstance(value, FunctionType | BuiltinFunctionType):
        return [(value.__module__ or "", value.__name__)]
    # Not by isinstance() alone: a lazy object's __class__ runs what it stands for.
    known = value if issubclass(type(value), type) else type(value)
    return [(base.__module__, base.__name__) for base in known.__mro__]


def _verbs(module: str) -> frozenset[str]:
    return next((verbs for package, verbs in _SENDING.items() if f"{module}.".startswith(f"{package}.")), frozenset())


def _text(node: ast.expr) -> str:
    """Return the source of what is called, without the arguments on the way."""
    if isinstance(node, ast.Attribute):
        return f"{_text(node.value)}.{node.attr}"
    return f"{_text(node.func)}(...)" if isinstance(node, ast.Call) else ast.unparse(node)
