"""What users import: complete, sorted, described, and found by type checkers too."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import pgworkflows
from pgworkflows import exceptions, models, testing

SOURCE = Path(pgworkflows.__file__)


def test_names_are_sorted_and_complete():
    assert pgworkflows.__all__ == sorted(pgworkflows.__all__)
    assert set(pgworkflows.__all__) == set(pgworkflows._HOMES)
    assert list(pgworkflows._HOMES) == sorted(pgworkflows._HOMES)


def test_type_checkers_see_the_same_names():
    tree = ast.parse(SOURCE.read_text())
    (guard,) = [node for node in tree.body if isinstance(node, ast.If)]
    imported = {
        alias.name: statement.module
        for statement in guard.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }
    assert imported == pgworkflows._HOMES


@pytest.mark.parametrize("name", pgworkflows.__all__)
def test_public_name_is_there_and_described(name):
    value = getattr(pgworkflows, name)
    assert inspect.getdoc(value)
    assert not (isinstance(value, type) and value.__doc__ is None)


def test_every_exception_is_public():
    raised = {name for name, value in vars(exceptions).items() if getattr(value, "__module__", "") == exceptions.__name__}
    assert raised <= set(pgworkflows.__all__)


@pytest.mark.parametrize("module", [models, testing])
def test_names_of_other_modules_are_sorted_and_described(module):
    assert module.__all__ == sorted(module.__all__)
    for name in module.__all__:
        value = getattr(module, name)
        assert inspect.getdoc(value) or isinstance(value, tuple), name


def public_parts(kind):
    return [
        (kind, name)
        for name, value in vars(kind).items()
        if not name.startswith("_") and (inspect.isfunction(value) or isinstance(value, property))
    ]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        part
        for kind in [
            *(getattr(models, name) for name in models.__all__),
            models.Workflow.__mro__[1],
            pgworkflows.step.__globals__["Step"],
            type(pgworkflows.workflow.__globals__["registry"]),
            pgworkflows.Retry,
        ]
        for part in public_parts(kind)
        if not part[1].startswith("get_")
    ],
)
def test_public_method_is_described(kind, name):
    assert inspect.getdoc(inspect.getattr_static(kind, name))


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"module 'pgworkflows' has no attribute 'nothing'"):
        pgworkflows.nothing  # noqa: B018


def test_star_import_gives_the_names():
    namespace = {}
    exec("from pgworkflows import *", namespace)
    assert set(pgworkflows.__all__) <= set(namespace)


def test_import_needs_no_settings():
    program = "import pgworkflows, sys; assert 'django.db' not in sys.modules; from pgworkflows import Retry, PGWorkflowsError"
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, timeout=60, env={"PATH": ""})


def test_types_are_shipped():
    assert SOURCE.with_name("py.typed").exists()
