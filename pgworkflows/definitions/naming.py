"""Default names, and the fingerprint that tells one body from another."""

from __future__ import annotations

import ast
import hashlib
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.core.exceptions import AppRegistryNotReady


def default_name(function: Callable[..., Any]) -> str:
    """Return `<app_label>.<function>`; outside any app the module's first part stands for the label."""
    try:
        config = apps.get_containing_app_config(function.__module__)
    except AppRegistryNotReady:
        config = None
    label = config.label if config else function.__module__.partition(".")[0]
    return f"{label}.{function.__name__}"


def syntax_tree(function: Callable[..., Any]) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """Parse the function's source; None where there is none to read, as for one typed into a shell."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return None
    definition = tree.body[0]
    return definition if isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef) else None


def fingerprint(function: Callable[..., Any]) -> str:
    """Hash the function's parameters and body, without comments, decorators and docstring."""
    definition = syntax_tree(function)
    if definition is None:
        return ""
    definition.decorator_list = []
    if ast.get_docstring(definition, clean=False) is not None:
        definition.body = definition.body[1:] or [ast.Pass()]
    return hashlib.sha256(ast.unparse(definition).encode()).hexdigest()[:32]
