"""The run drawn: the body's tasks from top to bottom, and beside them what undoes them, from bottom to top."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.utils.text import Truncator
from django.utils.translation import gettext as _

from ...models import Task, Workflow
from ...values.position import Position
from ..showing import tone
from .timeline import Entry

WIDTH, LEFT, RIGHT = 680, 20, 380
BOX_WIDTH, BOX_HEIGHT, PITCH, MARGIN = 280, 42, 60, 10
FIRST, LAST = 12, 28
LONGEST_NAME = 34


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One task, or one of the two ends; `title` is its whole text."""

    x: int
    y: int
    shape: str
    tone: str
    name: str
    detail: str
    title: str
    width: int = BOX_WIDTH
    height: int = BOX_HEIGHT

    @property
    def radius(self) -> int:
        """Round where something is waited for."""
        return self.height // 2 if self.shape in ("wait", "end") else 4

    @property
    def middle(self) -> int:
        """Across."""
        return self.x + self.width // 2

    @property
    def centre(self) -> int:
        """Downwards."""
        return self.y + self.height // 2

    @property
    def bottom(self) -> int:
        """The lower edge."""
        return self.y + self.height

    @property
    def name_y(self) -> int:
        """The base line of the first line of text."""
        return self.y + (18 if self.detail else self.height // 2 + 5)

    @property
    def detail_y(self) -> int:
        """The base line of the second."""
        return self.y + 34


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Boxes and lines with their places, for the template to draw; `description` says the same in words."""

    width: int
    height: int
    boxes: list[Box]
    #: SVG paths: in the order of what happened, and from a step to what undid it.
    arrows: list[str]
    ties: list[str]
    description: str


def draw(workflow: Workflow, entries: list[Entry], *, before: int = 0, after: int = 0) -> Graph | None:
    """Lay the tasks out, so many of them being on the pages before and after; None where there is nothing to draw."""
    forward = [entry for entry in entries if entry.kind not in (Task.Kind.COMPENSATION, Task.Kind.VALUE)]
    if not forward:
        return None
    chain, steps = [_start()], dict[Position, Box]()
    for item in _rows(forward, before, after):
        row = len(chain)
        chain.append(_gap(item, row) if isinstance(item, int) else _task(item, LEFT, row))
        if isinstance(item, Entry):
            steps[item.position] = chain[-1]
    pairs = [(steps[entry.undoes], entry) for entry in entries if entry.undoes in steps]
    up = [_task(entry, RIGHT, step.y // PITCH) for step, entry in pairs]
    end = _end(workflow, last=chain[-1], up=up)
    boxes = [*chain, *up, end]
    return Graph(
        width=WIDTH,
        height=max(box.bottom for box in boxes) + 2 * MARGIN,
        boxes=boxes,
        arrows=[*(_down(one, other) for one, other in pairwise(chain)), *_turn(chain[-1], up, end)],
        ties=[_across(step, box) for (step, _entry), box in zip(pairs, up, strict=True)],
        description=" ".join(f"{box.title}." for box in boxes),
    )


def _rows(forward: list[Entry], before: int, after: int) -> list[Entry | int]:
    """Return what is drawn from top to bottom: tasks, and how many are left out where."""
    between = max(0, len(forward) - FIRST - LAST)
    shown = [*forward[:FIRST], between, *forward[-LAST:]] if between else forward
    return [row for row in (before, *shown, after) if row != 0]


def _y(row: int) -> int:
    return MARGIN + row * PITCH


def _start() -> Box:
    name = _("start")
    return Box(x=LEFT, y=_y(0), shape="end", tone="plain", name=name, detail="", title=name.capitalize())


def _gap(count: int, row: int) -> Box:
    name = _("%(count)d more, in the table") % {"count": count}
    return Box(x=LEFT, y=_y(row), shape="gap", tone="plain", name=name, detail="", title=name)


def _task(entry: Entry, x: int, row: int) -> Box:
    status = "" if entry.kind == Task.Kind.STATE else str(entry.status_name)
    detail = " · ".join(part for part in (str(entry.kind_name), status, entry.took) if part)
    shape = "undo" if entry.kind == Task.Kind.COMPENSATION else str(entry.kind).lower() if entry.kind in Task.NO_WAITS else "wait"
    title = f"{entry.position}. {entry.name}: {detail}"
    if entry.undoes is not None:
        title += " " + _("(undoes %(position)s)") % {"position": entry.undoes}
    name = Truncator(entry.name).chars(LONGEST_NAME)
    return Box(x=x, y=_y(row), shape=shape, tone=_tone(entry), name=name, detail=detail, title=title)


def _tone(entry: Entry) -> str:
    return "plain" if entry.kind == Task.Kind.STATE else tone(entry.status)


def _end(workflow: Workflow, *, last: Box, up: list[Box]) -> Box:
    """Put where it stands below the last task, or above the last compensation."""
    status: Any = workflow.get_status_display()
    x, y = (RIGHT, up[-1].y - PITCH) if up else (LEFT, last.y + PITCH)
    title = _("It is %(status)s") % {"status": status}
    return Box(x=x, y=y, shape="end", tone=tone(workflow.status), name=str(status), detail="", title=title)


def _down(one: Box, other: Box) -> str:
    return f"M{one.middle} {one.bottom}V{other.y - 2}"


def _up(one: Box, other: Box) -> str:
    return f"M{one.middle} {one.y}V{other.bottom + 2}"


def _across(step: Box, undo: Box) -> str:
    return f"M{step.x + step.width} {step.centre}H{undo.x}"


def _turn(last: Box, up: list[Box], end: Box) -> list[str]:
    """Lead from the last task to where it stands: straight, or round through the compensations."""
    if not up:
        return [_down(last, end)]
    turn = f"M{last.middle} {last.bottom}v{MARGIN}H{up[0].middle}V{up[0].bottom + 2}"
    return [turn, *(_up(one, other) for one, other in pairwise(up)), _up(up[-1], end)]
