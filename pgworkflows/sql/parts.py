"""What SQL files make: functions, triggers, indexes and the schema, read from their text and from the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

FUNCTION = re.compile(
    r"^CREATE OR REPLACE FUNCTION pgworkflows\.(?P<name>\w+)\s*\((?P<arguments>.*?)\)\s*"
    r"(?:RETURNS (?P<result>[^$]+?)\s+)?LANGUAGE (?P<options>[^$]+?)(?:AS \$\$(?P<body>.*?)\$\$;|^RETURN [^\n]+;)",
    re.MULTILINE | re.DOTALL,
)
TRIGGER = re.compile(
    r"^CREATE OR REPLACE TRIGGER (\w+) (BEFORE|AFTER) (.+?) ON (\w+)(.*?)EXECUTE FUNCTION ([\w.]+)\(", re.MULTILINE | re.DOTALL
)
INDEX = re.compile(r"^CREATE INDEX IF NOT EXISTS (\w+)", re.MULTILINE)
SCHEMA = re.compile(r"^CREATE SCHEMA IF NOT EXISTS (\w+)", re.MULTILINE)

# As the catalogue spells a function `p`; the number of its defaults, since OR REPLACE takes none away.
SIGNATURE = (
    "regexp_replace(format('%s(%s) %s %s', p.proname, pg_get_function_identity_arguments(p.oid), "
    "pg_get_function_result(p.oid), p.pronargdefaults), '[^ (,]+\\.(?=pgworkflows_)', '', 'g')"
)
DEFAULT = re.compile(r" DEFAULT (?:'[^']*'|\w+)")
SPELLED = {
    r"\btimestamptz\b": "timestamp with time zone",
    r"\bvarchar(?:\(\d+\))?": "character varying",
    r"[^ (,]+\.(?=pgworkflows_)": "",
    r"\bTABLE \(": "TABLE(",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function: what callers see of it, and what it does; `body` is None for one that is an expression."""

    name: str
    signature: str
    body: str | None
    as_owner: bool
    settings: frozenset[str]


def functions(texts: Iterable[str]) -> list[Function]:
    """Return the functions that rendered files make."""
    return [_function(found) for text in texts for found in FUNCTION.finditer(text)]


def _function(found: re.Match[str]) -> Function:
    arguments = " ".join(found["arguments"].split())
    result = " ".join((found["result"] or "record").split())
    signature = f"{found['name']}({DEFAULT.sub('', arguments)}) {result} {len(DEFAULT.findall(arguments))}"
    for ours, theirs in SPELLED.items():
        signature = re.sub(ours, theirs, signature)
    settings = re.findall(r"\bSET (\w+) = (.+?)(?=\s+SET\b|\s*$)", found["options"], re.DOTALL)
    return Function(
        name=found["name"],
        signature=signature,
        body=found["body"],
        as_owner="SECURITY DEFINER" in found["options"],
        settings=frozenset(f"{name}={value}".replace('"', "") for name, value in settings),
    )


def triggers(texts: Iterable[str]) -> set[tuple[Any, ...]]:
    """Return the triggers that files make: name, table, when, on what deeds, what they call, and whether under a condition."""
    return {
        (name, table, when, _deeds(deeds), function, "WHEN" in condition)
        for text in texts
        for name, when, deeds, table, condition, function in TRIGGER.findall(text)
    }


def _deeds(deeds: str) -> str:
    return "({})".format(",".join("t" if deed in deeds else "f" for deed in ("INSERT", "UPDATE", "DELETE")))


def dropping(texts: Iterable[str]) -> list[str]:
    """Return the statements that drop what files make, their functions apart."""
    joined = "\n".join(texts)
    return [
        *(f"DROP TRIGGER IF EXISTS {name} ON {table};" for name, _, _, table, *_ in TRIGGER.findall(joined)),
        *(f"DROP INDEX IF EXISTS {name};" for name in INDEX.findall(joined)),
        *(f"DROP SCHEMA IF EXISTS {name} CASCADE;" for name in SCHEMA.findall(joined)),
    ]
