"""What of that which SQL may store Python can take: moments, digits and levels beyond it can be neither read nor shown."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

#: Between these a moment can be read in every time zone.
EARLIEST, LATEST = datetime(2, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)
#: Far from where adding one to a moment of today could leave the calendar.
LONGEST = timedelta(days=365 * 100)

#: Code that shows a value calls itself once a level.
DEEPEST = 100
TOO_DEEP = "[nested too deeply]"
#: Python reads and writes no longer integers.
MOST_DIGITS = 4_000

_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]')


def read_json(text: str) -> Any:
    """Return the data; what has too many digits or lies too deep is text that says so. Raises ValueError for what is no JSON."""
    text = _shallow(text)
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise
    except ValueError:
        return json.loads(text, parse_int=_integer)


def fields_of(value: Any) -> dict[str, Any]:
    """Return a JSON object; an empty one in the place of anything else, which only SQL can have put there."""
    return value if isinstance(value, dict) else {}


def _integer(digits: str) -> int | str:
    count = len(digits.lstrip("-"))
    return int(digits) if count <= MOST_DIGITS else f"[a number of {count} digits]"


def _shallow(text: str) -> str:
    """Put a note in the place of what lies deeper than DEEPEST."""
    if text.count("[") + text.count("{") <= DEEPEST:
        return text
    kept, depth, at = list[str](), 0, 0
    for token in _TOKENS.finditer(text):
        if token[0] in ("[", "{"):
            depth += 1
            if depth == DEEPEST + 1:
                kept += [text[at : token.start()], f'"{TOO_DEEP}"']
        elif token[0] in ("]", "}"):
            if depth == DEEPEST + 1:
                at = token.end()
            depth -= 1
    return "".join([*kept, text[at:]])
