"""Hiding what nobody needs to read: the one filter that everything passes on its way out."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any

from ..conf import conf
from .plain import plain

HIDDEN = "[hidden]"
#: Shorter secrets stand in too many words that are none.
SHORTEST_SECRET = 4


@dataclass(frozen=True, slots=True)
class Redactor:
    """Hides what stands under the keys in `PGWORKFLOWS["REDACT"]`, and the same values wherever else they turn up."""

    secrets: frozenset[str] = frozenset()

    @classmethod
    def of(cls, *values: Any) -> Redactor:
        """Make one that knows the secrets in these stored values."""
        return cls(frozenset(secret for value in values for found in _secrets(plain(value)) for secret in _spellings(found)))

    @classmethod
    def of_workflow(cls, workflow: Any) -> Redactor:
        """Make one that knows the secrets in what was read of a workflow's row; None for no row."""
        return cls() if workflow is None else cls.of(*_read(workflow, "kwargs", "attributes", "result"))

    @classmethod
    def of_run(cls, workflow: Any) -> Redactor:
        """Make one that knows the secrets in what is recorded of a workflow's tasks too."""
        recorded = workflow.tasks.values_list("payload", "result")
        return cls(cls.of_workflow(workflow).secrets | cls.of(*chain.from_iterable(recorded)).secrets)

    @classmethod
    def of_approval(cls, approval: Any) -> Redactor:
        """Make one that knows the secrets in what was read of an approval's row, and of the workflow that asks."""
        return cls(cls.of_workflow(approval.workflow).secrets | cls.of(*_read(approval, "attributes", "snapshot")).secrets)

    def hides(self, error: BaseException | None) -> bool:
        """Whether an exception, or one that it came from or holds, says anything that is hidden."""
        return any(self.text(said) != said for each in _chained(error) for said in _texts(each))

    def row(self, row: Any, *names: str) -> Any:
        """Return a copy of a row for display, these texts of it without secrets."""
        shown = copy.copy(row)
        for name in names:
            setattr(shown, name, self.text(getattr(row, name)))
        return shown

    def text(self, text: str) -> str:
        """Return prose, such as an error's, without secrets, and without what follows a hidden key and `=` or `:`."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        return _without_pairs(text)

    def data(self, value: Any) -> Any:
        """Return JSON data without secrets, however deep."""
        if isinstance(value, dict):
            return {self.text(key): HIDDEN if is_hidden(key) else self.data(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.data(item) for item in value]
        if isinstance(value, str):
            return self.text(value)
        return HIDDEN if self.secrets and str(value) in self.secrets else value


def _chained(error: BaseException | None) -> Iterator[BaseException]:
    seen, left = set[int](), [error]
    while left:
        each = left.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            yield each
            left += [each.__cause__, each.__context__, *getattr(each, "exceptions", ())]


def _texts(error: BaseException) -> list[str]:
    try:
        return [str(error), *map(str, getattr(error, "__notes__", ()))]
    except Exception:  # what formats it would fail likewise
        return []


def _read(row: Any, *names: str) -> list[Any]:
    deferred = row.get_deferred_fields()
    return [getattr(row, name) for name in names if name not in deferred]


_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W_A-Za-z0-9]+")


def is_hidden(key: str) -> bool:
    """Whether a key has a name of REDACT among its words: `token` hides `access_token` and `accessToken`, not `tokenizer`."""
    return _names(key[:200], tuple(conf().REDACT))


@lru_cache(maxsize=4096)
def _names(key: str, hidden: tuple[str, ...]) -> bool:
    words = [word.lower() for word in _WORDS.findall(key)]
    wanted = {"".join(_WORDS.findall(name)).lower() for name in hidden}
    wanted |= {f"{name}s" for name in wanted}
    runs = ("".join(words[begin:end]) for begin in range(len(words)) for end in range(begin + 1, len(words) + 1))
    return not wanted.isdisjoint(runs)


def redacted(value: Any) -> Any:
    """Return JSON data with the values of hidden keys hidden, where nothing is known of what else holds them."""
    return Redactor().data(value)


def _secrets(value: Any, *, hidden: bool = False) -> Iterator[str]:
    """Yield the texts and numbers that stand, however deep, under a hidden key."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _secrets(item, hidden=hidden or is_hidden(key))
    elif isinstance(value, list):
        for item in value:
            yield from _secrets(item, hidden=hidden)
    elif hidden and value is not None and not isinstance(value, bool) and len(str(value)) >= SHORTEST_SECRET:
        yield str(value)


def _spellings(secret: str) -> set[str]:
    """Return a text as it is, and as it stands in Python's and in JSON's quotes."""
    return {secret, repr(secret)[1:-1], json.dumps(secret)[1:-1]}


_NAME = re.compile(r"""(?<![\w-])["']?([\w-]{1,200})["']?\]?\s*[:=]\s*""")
# Quoted text, brackets and all that follows on the line, or what comes before the next separator.
_VALUE = re.compile(
    r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[\[{(][^\n]*|(?:(?:basic|bearer|digest|token)[ ]+)?[^\s,;)}\]]+""", re.IGNORECASE
)


def _without_pairs(text: str) -> str:
    kept, at = list[str](), 0
    for name in _NAME.finditer(text):
        value = _VALUE.match(text, name.end()) if name.start() >= at and is_hidden(name[1]) else None
        if value:
            kept += [text[at : name.end()], HIDDEN]
            at = value.end()
    return "".join([*kept, text[at:]])
