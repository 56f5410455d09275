"""What failures of one cause have in common, so that a thousand of them are one line on a page."""

from __future__ import annotations

import os
import re
import sysconfig
from hashlib import blake2b
from pathlib import Path
from traceback import walk_tb
from types import FrameType

from ..values.encoding import path_of

#: Where the engine's own code is.
ENGINE = str(Path(__file__).parents[1]) + os.sep
#: What differs from one failure to the next: mails, UUIDs, hexadecimal and other numbers, quoted texts over 25 characters.
#: A digit that ends a word, as in 'line1', is part of a name.
_VARIABLE = re.compile(
    r"""
    (?<!\w)(?:"[^"]{26,}"|'[^']{26,}')
    | [^\s@<>"'=(]+@[^\s@<>"',;)]+
    | (?<![0-9a-z])[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}(?![0-9a-z])
    | 0x[0-9a-f]+
    | \b(?=[a-f]*[0-9])[0-9a-f]{8,}\b
    | (?<!\w)[0-9](?:[0-9.,:/T+_-]*[0-9])?
    | [0-9]{2,}
    """,
    re.IGNORECASE | re.VERBOSE,
)
#: Where code lies that is nobody's here: the engine's, Python's own, and what was installed.
_OTHERS = (ENGINE, *{sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}, "<")


def fingerprint(error: BaseException, step: str, message: str) -> str:
    """Return a hash of the step, the error's class, its message without what varies, and where the user's code was."""
    line = _VARIABLE.sub("#", message.partition("\n")[0])
    said = "\n".join((step, path_of(type(error)), line, _users_frame(error)))
    return blake2b(said.encode(errors="replace"), digest_size=8).hexdigest()


def _users_frame(error: BaseException) -> str:
    """Return the innermost function of the user's that the error passed, by names: paths and lines change by a deploy."""
    frames = [frame for frame, _ in walk_tb(error.__traceback__) if not frame.f_code.co_filename.startswith(ENGINE)]
    own = [frame for frame in frames if not frame.f_code.co_filename.startswith(_OTHERS)]
    return _named((own or frames)[-1]) if frames else ""


def _named(frame: FrameType) -> str:
    return f"{frame.f_globals.get('__name__')}.{frame.f_code.co_qualname}"
