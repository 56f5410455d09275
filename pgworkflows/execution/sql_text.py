"""Reading SQL from left to right, as PostgreSQL's own lexer does: what statements a text has, and what they begin with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

_LETTER = r"[A-Za-z_\x80-\U0010ffff]"
_SPACE = r"[ \t\n\r\f\v]"
_PLAIN = r"'[^']*+(?:''[^']*+)*+(?:'|\Z)"
_ESCAPED = r"'[^'\\]*+(?:(?:''|\\.)[^'\\]*+)*+(?:'|\Z)"
#: A literal goes on behind a line's end.
_GOES_ON = rf"(?:[ \t\f\v]|--[^\n\r]*)*[\n\r](?:{_SPACE}|--[^\n\r]*)*"

#: One token, or the space between two. What is quoted is one token whatever stands in it; an unfinished one goes to the end.
_TOKEN = re.compile(
    rf"""(?P<space>{_SPACE}+|--[^\n\r]*)
      |(?P<comment>/\*)
      |(?P<escaped>[eE]{_ESCAPED}(?:{_GOES_ON}{_ESCAPED})*)
      |(?P<dollar>\$(?P<tag>(?:{_LETTER}(?:{_LETTER}|[0-9])*)?)\$.*?(?:\$(?P=tag)\$|\Z))
      |(?P<word>{_LETTER}(?:{_LETTER}|[0-9$])*)
      |(?P<literal>{_PLAIN})
      |(?P<name>"[^"]*(?:""[^"]*)*(?:"|\Z))
      |(?P<other>[0-9][0-9A-Za-z_.]*|.)""".replace("\n      ", ""),
    re.DOTALL,
)
_BACKSLASHES = re.compile(_ESCAPED, re.DOTALL)
_COMMENT_EDGE = re.compile(r"/\*|\*/")

#: What most steps send. Without a semicolon it cannot be anything else.
_EVERYDAY = re.compile(r"\s*+(?:select|insert|update|delete|with)\b", re.IGNORECASE)

#: What hints at a statement that leaves something behind in the session.
_SESSION = re.compile(r"set_config|advisory_lock|setseed|temp", re.IGNORECASE)
_SESSION_COMMANDS = frozenset({"SET", "RESET", "LISTEN", "UNLISTEN", "PREPARE", "DEALLOCATE", "LOAD"})
_SESSION_FUNCTIONS = frozenset(
    {"SETSEED", "PG_ADVISORY_LOCK", "PG_ADVISORY_LOCK_SHARED", "PG_TRY_ADVISORY_LOCK", "PG_TRY_ADVISORY_LOCK_SHARED"}
)

_ENDING = frozenset({"BEGIN", "COMMIT", "END", "ABORT"})
_WRITING = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE"})
_READING = frozenset(
    {"SELECT", "WITH", "VALUES", "TABLE", "SHOW", "EXPLAIN", "DESCRIBE", "PRAGMA", "SET", "SAVEPOINT", "RELEASE", "ROLLBACK"}
)

Statement = list[str]


def tokens(sql: str, *, backslashes: bool = False) -> Iterator[str]:
    """Yield words in capitals, names with their quotes, and signs; literals as `''`; no comments and no space.

    `backslashes` is for a session with `standard_conforming_strings = off`, where they escape in every literal.
    """
    at = 0
    while at < len(sql):
        found = _TOKEN.match(sql, at)
        assert found is not None  # its last alternative takes anything
        kind, at = found.lastgroup, found.end()
        if kind == "comment":
            at = _end_of_comment(sql, at)
        elif kind == "word":
            yield found.group().upper()
        elif kind == "literal" and backslashes:
            again = _BACKSLASHES.match(sql, found.start())
            assert again is not None
            at = again.end()
            yield "''"
        elif kind in ("literal", "escaped", "dollar"):
            yield "''"
        elif kind != "space":
            yield found.group()


def _end_of_comment(sql: str, at: int) -> int:
    """Return where the comment ends that has just begun; comments nest."""
    depth = 1
    while depth:
        edge = _COMMENT_EDGE.search(sql, at)
        if edge is None:
            return len(sql)
        depth += 1 if edge.group() == "/*" else -1
        at = edge.end()
    return at


def statements(sql: str, *, backslashes: bool = False) -> Iterator[Statement]:
    """Yield the tokens of each statement. A semicolon in the body of a SQL function (BEGIN ATOMIC ... END) ends none."""
    said: Statement = []
    depth = 0
    for token in tokens(sql, backslashes=backslashes):
        if token == ";" and not depth:
            if said:
                yield said
            said = []
            continue
        if depth or (token == "ATOMIC" and said[:1] == ["CREATE"] and said[-1] == "BEGIN"):
            depth += 1 if token in ("ATOMIC", "CASE") else -1 if token == "END" else 0
        said.append(token)
    if said:
        yield said


def is_everyday(sql: str) -> bool:
    """Whether this is plainly one statement that reads or changes rows."""
    return ";" not in sql and _EVERYDAY.match(sql) is not None and _SESSION.search(sql) is None


def ends_transaction(statement: Statement) -> bool:
    """Whether this begins, ends or prepares a transaction; going back to a savepoint does not."""
    first, second = (*statement, "")[:2]
    if first == "ROLLBACK":
        rest = [token for token in statement[1:3] if token not in ("WORK", "TRANSACTION")]
        return rest[:1] != ["TO"]
    return first in _ENDING or (first, second) in (("START", "TRANSACTION"), ("PREPARE", "TRANSACTION"))


def sets_search_path(statement: Statement) -> bool:
    """Whether this sets where names are looked up, as packages for tenants do before each query."""
    return statement[0] == "SET" and "SEARCH_PATH" in statement[1:3]


def outlives_workflow(statement: Statement) -> bool:
    """Whether this sets something that the next workflow of the transaction, or of the session, would meet."""
    if statement[0] == "SET" and statement[1:2] in (["CONSTRAINTS"], ["TRANSACTION"]):
        return False
    return statement[0] in _SESSION_COMMANDS or "SET_CONFIG" in statement or outlives_transaction(statement)


def outlives_transaction(statement: Statement) -> bool:
    """Whether what this sets stays in the session after COMMIT."""
    if statement[0] in _SESSION_COMMANDS:
        return statement[1:2] not in (["LOCAL"], ["CONSTRAINTS"], ["TRANSACTION"])
    if "SET_CONFIG" in statement and "TRUE" not in statement:
        return True
    temporary = any(token in ("TEMP", "TEMPORARY") and before in ("CREATE", "INTO") for before, token in pairwise(statement))
    return temporary or (statement[0] == "DECLARE" and "HOLD" in statement) or bool(_SESSION_FUNCTIONS.intersection(statement))


def savepoint_set(statement: Statement) -> str | None:
    """Return the name of the savepoint that this sets."""
    return _folded(statement[1]) if statement[0] == "SAVEPOINT" and len(statement) > 1 else None


def savepoint_used(statement: Statement) -> str | None:
    """Return the name of the savepoint that this goes back to or releases."""
    return _folded(statement[-1]) if statement[0] in ("ROLLBACK", "RELEASE") and len(statement) > 1 else None


def _folded(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()


def only_reads(sql: str) -> bool:
    """Whether this changes no row, as far as its text says. What a function does that it calls is not seen."""
    return all(_only_reads(statement) for statement in statements(sql))


def _only_reads(statement: Statement) -> bool:
    if statement[0] == "COPY":
        return "TO" in statement
    while statement[:1] == ["("]:
        statement = statement[1:]
    if statement[:1] == ["EXPLAIN"] and "ANALYZE" in statement:
        return not _WRITING.intersection(statement)
    writes = any(word in _WRITING and before in "()" for before, word in pairwise(statement))
    return statement[0] in _READING and not writes and not ("INTO" in statement and statement[0] in ("SELECT", "WITH"))
