"""The examples of docs/ do what they say, in order, on a real database.

A page's ```python blocks share one module. A ```text block right behind one, or behind an ```sql block, is what it
prints or raises. What a block defines as a test is run. ```console blocks are parsed by their commands, not run.
Blocks in an HTML comment are run too: they prepare and check what a reader need not see. README.md is followed from an
empty Debian by .ci/first-run.
"""

import contextlib
import inspect
import io
import re
import shlex
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class
from django.db import DatabaseError, connection, transaction
from django.test import SimpleTestCase

from tests.superuser import OWNER

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(ROOT.glob("docs/*.md"))
MODULE = "shop.workflows"
BLOCK = re.compile(r"^```(?P<kind>python|sql|console|text)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
NOT_RUN = "<!-- not run -->"
COMMAND = re.compile(r"^.*?manage\.py (?P<name>[\w-]+)(?P<rest>.*)$", re.MULTILINE)
NEW_EACH_TIME = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<=[Aa]pproval )\d+|0x[0-9a-f]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One block to run; `answer` is what it prints or raises, where the page says so."""

    kind: str
    code: str
    line: int
    answer: str | None


def examples(page: Path) -> Iterator[Example]:
    text = page.read_text()
    blocks = list(BLOCK.finditer(text))
    for block, following in pairwise([*blocks, None]):
        if block["kind"] == "text" or text[: block.start()].rstrip().endswith(NOT_RUN):
            continue
        answered = following and following["kind"] == "text" and not text[block.end() : following.start()].strip()
        yield Example(
            kind=block["kind"],
            code=block["code"],
            line=text.count("\n", 0, block.start("code")),
            answer=following["code"] if answered else None,
        )


def same(text: str) -> str:
    """Make answers comparable: line breaks are the page's, ids are new each time."""
    return NEW_EACH_TIME.sub("...", " ".join(text.split()))


def answer_of_python(example: Example, page: Path, module: types.ModuleType) -> str:
    # The line numbers of a traceback are those of the page.
    code = compile("\n" * example.line + example.code, str(page), "exec")
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        try:
            exec(code, module.__dict__)
        except Exception as error:
            if example.answer is None:
                raise
            printed.write(f"{type(error).__name__}: {error}")
    return printed.getvalue()


def answer_of_sql(example: Example) -> str:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(example.code)
            rows = cursor.fetchall() if cursor.description else []
    except DatabaseError as error:
        if example.answer is None:
            raise
        told = error.__cause__.diag
        hint = f"\nHINT:  {told.message_hint}" if "HINT:" in example.answer else ""
        return f"ERROR:  {told.message_primary}{hint}"
    return "\n".join("|".join("" if value is None else str(value) for value in row) for row in rows)


def parse_commands(example: Example) -> str:
    for command in COMMAND.finditer(example.code):
        parser = load_command_class(get_commands()[command["name"]], command["name"]).create_parser("", command["name"])
        parser.parse_args(shlex.split(command["rest"], comments=True))
    return ""


def run_tests(module: types.ModuleType, seen: set[str], request: pytest.FixtureRequest) -> None:
    """Run what a page shows as a test, here and now: on the database of this one."""
    for name, thing in list(vars(module).items()):
        if name in seen:
            continue
        seen.add(name)
        if name.startswith("test_"):
            thing(**{fixture: request.getfixturevalue(fixture) for fixture in inspect.signature(thing).parameters})
        elif isinstance(thing, type) and issubclass(thing, SimpleTestCase) and thing.__module__ == MODULE:
            for method in [method for method in vars(thing) if method.startswith("test_")]:
                case = thing(method)
                getattr(case, method)()
                case.doCleanups()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_examples_of_page_are_true(page, superuser, pgworkflows, request, monkeypatch):
    for role in ("billing", "shop_owner", "shop_worker", "shop_web", "shop_reader", "shop_starter"):
        superuser(f"CREATE ROLE {role}", f"GRANT {role} TO {OWNER}")
    module = types.ModuleType(MODULE)
    monkeypatch.setitem(sys.modules, MODULE, module)
    seen: set[str] = set()
    for example in examples(page):
        if example.kind == "python":
            given = answer_of_python(example, page, module)
            run_tests(module, seen, request)
        else:
            given = answer_of_sql(example) if example.kind == "sql" else parse_commands(example)
        if example.answer is not None:
            assert same(given) == same(example.answer), f"{page.name}:{example.line}"
