"""What the names in a function's source stand for, found without running it."""

from __future__ import annotations

import ast
import builtins
import inspect
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import resolve_name
from types import FunctionType, ModuleType
from typing import Any

NOWHERE = object()


@dataclass(frozen=True, slots=True)
class NotLoaded:
    """What a function would import from a module that nobody has imported yet."""

    module: str
    name: str


class Names:
    """The names of one function: of its module, its closure and its own import statements, but for those it binds itself."""

    def __init__(self, function: Callable[..., Any], tree: ast.AST) -> None:
        closure = inspect.getclosurevars(function)
        bound = Counter(name for node in ast.walk(tree) for name in _bound_by(node))
        self.known = {**vars(builtins), **function.__globals__, **closure.nonlocals}
        #: The one expression that a local name is given.
        self.given = {name: value for node in ast.walk(tree) for name, value in _given_by(node) if bound[name] == 1}
        for name in bound:
            self.known.pop(name, None)
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                self.known.update(_imported(node, function.__globals__.get("__package__") or ""))

    def meaning(self, node: ast.AST) -> Any:
        """Return the value that a name or an attribute stands for; NOWHERE where that cannot be told."""
        if isinstance(node, ast.Name):
            return self.known.get(node.id, NOWHERE)
        if isinstance(node, ast.Attribute):
            owner = self.meaning(node.value)
            # Of modules, classes and functions only: another object's attribute may be a property that runs code.
            if isinstance(owner, ModuleType | type | FunctionType):
                return getattr(owner, node.attr, NOWHERE)
        return NOWHERE


def place(function: Callable[..., Any], node: ast.AST) -> str:
    """Return `path/file.py:line` of a node of the function's syntax tree."""
    code = function.__code__
    return f"{code.co_filename}:{code.co_firstlineno + getattr(node, 'lineno', 1) - 1}"


def _bound_by(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(
        node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.ExceptHandler | ast.MatchAs | ast.MatchStar
    ):
        yield from (node.name,) if node.name else ()


def _given_by(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    pairs: list[tuple[ast.AST | None, ast.expr | None]] = []
    if isinstance(node, ast.Assign):
        pairs = [(target, node.value) for target in node.targets]
    elif isinstance(node, ast.AnnAssign | ast.NamedExpr):
        pairs = [(node.target, node.value)]
    elif isinstance(node, ast.withitem):
        pairs = [(node.optional_vars, node.context_expr)]
    for target, value in pairs:
        if isinstance(target, ast.Name) and value is not None:
            yield target.id, value


def _imported(node: ast.Import | ast.ImportFrom, package: str) -> Iterator[tuple[str, Any]]:
    """Tell what a function's own import statements bind, without importing anything."""
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            module = resolve_name("." * node.level + (node.module or ""), package)
            missing = NotLoaded(module, alias.name)
            yield alias.asname or alias.name, getattr(sys.modules.get(module), alias.name, missing)
        else:
            path = alias.name if alias.asname else alias.name.partition(".")[0]
            yield alias.asname or path, sys.modules.get(path) or ModuleType(path)
