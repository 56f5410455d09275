"""Hiding what nobody needs to read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from .conf import conf

HIDDEN = "[hidden]"
#: Shorter secrets stand in too many words that are none.
SHORTEST_SECRET = 4


def redacted(value: Any) -> Any:
    """Return JSON data with the values of the keys in `PGWORKFLOWS["REDACT"]` hidden, however deep."""
    return _hide(value, hidden_keys())


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


def hidden_keys() -> frozenset[str]:
    """Return the keys whose values are hidden, in lower case."""
    return frozenset(key.lower() for key in conf().REDACT)


def _hide(value: Any, keys: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {key: HIDDEN if key.lower() in keys else _hide(item, keys) for key, item in value.items()}
    if isinstance(value, list):
        return [_hide(item, keys) for item in value]
    return value


def secrets_in(value: Any) -> set[str]:
    """Return the texts and numbers that stand, however deep, under a hidden key."""
    return {found for found in _secrets(value, hidden_keys(), hidden=False) if len(found) >= SHORTEST_SECRET}


def _secrets(value: Any, keys: frozenset[str], *, hidden: bool) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _secrets(item, keys, hidden=hidden or key.lower() in keys)
    elif isinstance(value, list):
        for item in value:
            yield from _secrets(item, keys, hidden=hidden)
    elif hidden and value is not None and not isinstance(value, bool):
        yield str(value)


def redacted_text(text: str, secrets: Iterable[str] = ()) -> str:
    """Return prose, such as an error's, without these secrets, and without what follows a hidden key and `=` or `:`."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    keys = "|".join(map(re.escape, conf().REDACT))
    return re.sub(PAIR.format(keys=keys), rf"\1{HIDDEN}", text, flags=re.IGNORECASE) if keys else text


# A value is quoted text, brackets and all that follows on the line, or what comes before the next separator.
PAIR = (
    r"""((?<![\w])["']?(?:{keys})["']?\s*[:=]\s*)"""
    r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[\[{{(][^\n]*|[^\s,;)}}\]]+)"""
)
