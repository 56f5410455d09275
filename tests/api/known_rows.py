"""For schemathesis: let some of the ids that it makes up be those of rows that exist."""

import json
import os
import uuid
from typing import Any

import schemathesis

KNOWN: dict[str, list[str]] = json.loads(os.environ["KNOWN_ROWS"])


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    """Replace well-formed ids, four times in five."""
    for name, value in (path_parameters or {}).items():
        number = as_number(value)
        if number is not None and number % 5:
            path_parameters[name] = KNOWN[name][number % len(KNOWN[name])]
    return path_parameters


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    """Let three starts in four be of what there is to start."""
    name = body.get("name") if isinstance(body, dict) else None
    if context.operation.path == "/workflows/" and isinstance(name, str) and len(name) % 4:
        return body | {"name": "shop.fulfil", "kwargs": {"order": len(name)}}
    return body


def as_number(value: Any) -> int | None:
    """Return an id as a number; None for what is none, which has to be refused as it is."""
    if isinstance(value, int) and not isinstance(value, bool):
        return abs(value)
    try:
        return uuid.UUID(str(value)).int
    except ValueError:
        return None
