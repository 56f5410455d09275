"""Reading bodies: JSON, of a bounded size and depth."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from ..conf import conf
from .problems import TooLarge

#: What a body may hold beside one payload of the largest size.
ENVELOPE = 65_536
#: Anything that is stored is read again by code that calls itself once a level.
DEEPEST = 64


class BoundedJSONParser(BaseParser):
    """Parse UTF-8 JSON of at most MAX_PAYLOAD_BYTES and an envelope, nested no deeper than 64 levels."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """Return the data; raise ParseError or TooLarge."""
        largest = conf().MAX_PAYLOAD_BYTES + ENVELOPE
        body = stream.read(largest + 1)
        if len(body) > largest:
            raise TooLarge
        try:
            data = json.loads(body.decode(), parse_constant=_no_constant)
        except ValueError as error:
            raise ParseError(f"The body is not JSON: {error}.") from error
        except RecursionError:
            raise ParseError(TOO_DEEP) from None
        _check_depth(data)
        return data


TOO_DEEP = f"The body is nested deeper than {DEEPEST} levels."


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _check_depth(data: Any) -> None:
    level, depth = [data], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise ParseError(TOO_DEEP)
        inner = (item.values() if isinstance(item, dict) else item for item in level if isinstance(item, dict | list))
        level = [child for children in inner for child in children]
