"""Where a call happens: in a body, in a step, or outside any workflow.

Definitions know only this small interface; `execution` implements it, so that calling a step needs no import upwards.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any, Protocol


class Scope(Protocol):
    """What a body or a step does with the calls made in it."""

    in_body: bool

    def call_step(self, step: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Answer a call of a step."""

    def start(self, workflow: Any, arguments: dict[str, Any]) -> Any:
        """Start a workflow from here."""

    def start_many(self, workflow: Any, calls: list[dict[str, Any]]) -> Any:
        """Start several workflows from here."""


current_scope: ContextVar[Scope | None] = ContextVar("pgworkflows_scope", default=None)
