"""What a reader may count on: imports without a cycle, few exceptions to the floors, short files and functions."""

import ast
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path
from statistics import median, quantiles
from tomllib import loads

CHECKOUT = Path(__file__).parents[2]
#: What a migration does is not read as code is.
FILES = [path for path in sorted(CHECKOUT.glob("pgworkflows/**/*.py")) if path.parent.name != "migrations"]
EXCEPTIONS = loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]["ignore_imports"]


@cache
def parsed(path):
    return ast.parse(path.read_text())


def module_of(path):
    return ".".join(path.relative_to(CHECKOUT).with_suffix("").parts).removesuffix(".__init__")


def imported(path, modules):
    """Yield what a file imports of the package, for types only and in functions too."""
    package = module_of(path) if path.name == "__init__.py" else module_of(path.parent)
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name in modules)
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package) if node.level else node.module
            names = {f"{base}.{name.name}" for name in node.names}
            yield from {name if name in modules else base for name in names} & modules


def find_cycle(graph):
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def test_no_module_imports_itself_in_the_end():
    modules = {module_of(path) for path in FILES}
    graph = {module_of(path): set(imported(path, modules)) for path in FILES}
    for exception in EXCEPTIONS:
        module, _, verb = exception.partition(" -> ")
        graph[module].remove(verb)
    assert find_cycle(graph) == []
    assert find_cycle(graph | {"pgworkflows.store.claims": {"pgworkflows.execution.batch"}})  # what is looked for is found


def test_floors_have_at_most_seven_exceptions_each_with_its_reason():
    lines = (CHECKOUT / "pyproject.toml").read_text().splitlines()
    listed = [line.strip() for line in lines if " -> " in line]
    assert len(listed) == len(EXCEPTIONS) <= 7
    assert [line for line in listed if " # " not in line] == []


def test_files_are_short():
    lengths = {module_of(path): len(path.read_text().splitlines()) for path in FILES}
    assert {name: lines for name, lines in lengths.items() if lines > 300} == {}
    assert median(lengths.values()) <= 73


def test_nine_functions_in_ten_are_fourteen_lines_or_fewer():
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    defined = [node for path in FILES for node in ast.walk(parsed(path)) if isinstance(node, functions)]
    assert quantiles([node.end_lineno - node.lineno + 1 for node in defined], n=10)[-1] <= 14
