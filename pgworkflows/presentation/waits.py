"""What a workflow waits for, in words: the one renderer, in the reader's language and time zone, with what is hidden hidden."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from string import Formatter
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from ..models import Approval, Workflow
from ..models.waits import Wait, WaitKind
from ..values.durations import local
from ..values.redaction import Redactor

Hide = Callable[[str], str]
#: Hides what stands behind hidden names, where nothing is known of secrets.
KEYS_ONLY: Hide = Redactor().text

#: The kinds, and each of the facts that makes a sentence longer.
SENTENCES = {
    WaitKind.TIMER: _("the time {until}"),
    WaitKind.EVENT: _("the event “{title}”"),
    WaitKind.REQUEST: _("being asked “{title}”"),
    WaitKind.ROW: _("a row of {title}"),
    WaitKind.POLL: _("another call of {title} ({calls} so far)"),
    WaitKind.APPROVAL: _("a decision on “{title}”"),
    WaitKind.CHANGES: _("changes to “{title}”"),
    WaitKind.CHILD: _("the child {title} {workflow}"),
    WaitKind.ATTEMPT: _("attempt {attempt} of {title}"),
    WaitKind.CALL: _("the answer to attempt {attempt} of {title}"),
    WaitKind.LOCK: _("a lock that step {title} needs"),
    WaitKind.EXECUTOR: _("executor “{executor}”, which step {title} needs and which cannot be used"),
    WaitKind.ROOM: _("room in executor “{executor}” for step {title}"),
    WaitKind.LOST: _("another call of {title}, since the last one was lost"),
    WaitKind.TRANSACTION: _("another try, since its transaction was lost"),
    WaitKind.PERSON: _("a person"),
}
MORE = {
    "correlation": _("{sentence} under “{correlation}”"),
    "by": _("{sentence} by {by}"),
    "error": _("{sentence}: {error}"),
}
LATEST = _("{sentence}, until {until} at the latest")
DUE = _("{sentence}, due {until}")
TRIED_AGAIN = (WaitKind.POLL, WaitKind.ATTEMPT, WaitKind.LOCK, WaitKind.EXECUTOR, WaitKind.ROOM, WaitKind.LOST)


@dataclass(frozen=True, slots=True)
class Words:
    """A piece of a sentence, and the row that it names, if it does."""

    text: str
    model: type[Model] | None = None
    key: Any = None


def waits_of(workflow: Workflow) -> list[Wait]:
    """Return what is recorded as its waits; what is none, as SQL may have left, is left out."""
    recorded = workflow.waiting_for
    return [wait for wait in recorded if isinstance(wait, dict)] if isinstance(recorded, list) else []


def in_words(workflow: Workflow, hide: Hide | None = None) -> str:
    """Return all that it waits for as one line, empty for nothing; what hides its secrets is made here unless it is there."""
    hide = hide or Redactor.of_workflow(workflow).text
    return "; ".join(told(wait, hide) for wait in waits_of(workflow))


def told(wait: Wait, hide: Hide = KEYS_ONLY) -> str:
    """Return one wait as text."""
    return "".join(words.text for words in sentence(wait, hide))


def sentence(wait: Wait, hide: Hide = KEYS_ONLY) -> list[Words]:
    """Return one wait in words; a kind that is not known here is told by its title and facts."""
    return list(_filled(_template(wait), wait, hide))


def since(wait: Wait) -> datetime | None:
    """Return since when it has been waiting for that."""
    return _moment(wait.get("since"))


def _template(wait: Wait) -> str:
    kind = str(wait.get("kind"))
    if kind not in SENTENCES or not _placeholders(str(SENTENCES[WaitKind(kind)])) <= wait.keys():
        facts = (f"{name} {{{name}}}" for name in wait if name.isidentifier() and name not in ("kind", "title", "since"))
        return " ".join(["{title}" if wait.get("title") else _escaped(kind), *facts])
    template = str(SENTENCES[WaitKind(kind)])
    for fact, longer in MORE.items():
        if fact in wait:
            template = str(longer).replace("{sentence}", template)
    if "until" in wait and kind != WaitKind.TIMER:
        template = str(DUE if kind in TRIED_AGAIN else LATEST).replace("{sentence}", template)
    return template


def _placeholders(template: str) -> set[str]:
    return {name for _literal, name, _spec, _conversion in Formatter().parse(template) if name}


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _filled(template: str, wait: Wait, hide: Hide) -> Iterator[Words]:
    for literal, name, _spec, _conversion in Formatter().parse(template):
        if literal:
            yield Words(literal)
        if name:
            yield _fact(name, wait, hide)


def _fact(name: str, wait: Wait, hide: Hide) -> Words:
    value = wait.get(name)
    at = _moment(value) if name == "until" else None
    if at is not None:
        return Words(f"{local(at):%Y-%m-%d %H:%M:%S %Z}".strip())
    text = hide(str(value))
    if name == "workflow":
        return Words(text, Workflow, value)
    return Words(text, Approval, wait["approval"]) if name == "title" and "approval" in wait else Words(text)


def _moment(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
