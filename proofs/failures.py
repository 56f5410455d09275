"""What programs fail with."""

from __future__ import annotations


class Broken(Exception):  # noqa: N818 - what happened
    """A failure that the program asks for."""


class Refused(Exception):  # noqa: N818 - what happened
    """The other side's refusal: nothing happened there."""


class Unsure(Exception):  # noqa: N818 - what happened
    """A failure that a person has to look at."""
