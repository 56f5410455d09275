"""`manage.py workflows`: see workflows, and do to them what Python can."""

from __future__ import annotations

import getpass
from argparse import SUPPRESS
from collections.abc import Iterable, Iterator
from copy import copy
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, ProgrammingError

from pgworkflows.conf import conf
from pgworkflows.exceptions import PGWorkflowsError
from pgworkflows.management.terminal import operating
from pgworkflows.management.terminal.checking import Limits, check
from pgworkflows.management.terminal.events import list_events, not_awaited
from pgworkflows.management.terminal.finding import find
from pgworkflows.management.terminal.listing import list_definitions, list_workflows
from pgworkflows.management.terminal.pruning import prune
from pgworkflows.management.terminal.roles import roles_sql
from pgworkflows.management.terminal.schedules import add_schedules, backfill, list_schedules, trigger
from pgworkflows.management.terminal.showing import show
from pgworkflows.management.terminal.snapshots import list_snapshots
from pgworkflows.management.terminal.starting import start
from pgworkflows.management.terminal.text import as_json
from pgworkflows.management.terminal.words import age, json_object, json_value, positive
from pgworkflows.models import Workflow
from pgworkflows.models.people import person
from pgworkflows.store import events, health
from pgworkflows.store.actors import acting_as
from pgworkflows.store.retention import forgetting
from pgworkflows.values.encoding import encode
from pgworkflows.values.redaction import Redactor


class Command(BaseCommand):
    """Parse the words, call one verb, show."""

    help = "Shows workflows, does to them what Python can, and keeps the installation in order."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="verb")
        listed = verbs.add_parser("list", help="the newest workflows, a line each")
        listed.add_argument("--status", action="append", default=[], type=str.upper, choices=Workflow.Status.values)
        listed.add_argument("--name", help="only of this definition")
        listed.add_argument("--limit", type=int, default=30, help="how many at most (default %(default)s)")
        shown = verbs.add_parser("show", help="one workflow: its tasks, what it waits for, its history")
        shown.add_argument("workflow", help="its id, or the beginning of it")
        verbs.add_parser("definitions", help="each name and version, and how many runs are unfinished")
        started = self._acting(verbs, "start", "start one", workflow=False)
        started.add_argument("name", help="as in demo_shop.fulfil_order")
        started.add_argument("--kwargs", type=json_object, default={}, metavar="JSON", help="""as in '{"order_id": 7}'""")
        started.add_argument("--version", type=int, metavar="N", help="the highest by default")
        started.add_argument("--key")
        started.add_argument("--queue")
        started.add_argument("--priority", type=int, help="-100 to 100, higher first")
        cancelled = self._acting(verbs, "cancel", "end one, after undoing its completed steps")
        cancelled.add_argument("--reason", required=True)
        cancelled.add_argument("--no-compensate", action="store_true", help="undo nothing")
        self._acting(verbs, "retry", "let a FAILED or BLOCKED one go on from where it stopped").add_argument(
            "--reason", default=""
        )
        self._acting(verbs, "compensate", "undo the completed steps of a FAILED or BLOCKED one").add_argument(
            "--reason", required=True
        )
        sent = self._acting(verbs, "send-event", "send an event", workflow=False)
        sent.add_argument("name")
        address = sent.add_mutually_exclusive_group(required=True)
        address.add_argument("--to", metavar="ID", help="to this workflow")
        address.add_argument("--correlation", help="to the oldest that waits under this")
        sent.add_argument("--payload", type=json_value, metavar="JSON")
        sent.add_argument("--key", help="the same key is sent once")
        asked = self._acting(verbs, "ask", "ask one something, and print its answer")
        asked.add_argument("name", help="as in 'change address'")
        asked.add_argument("--payload", type=json_value, metavar="JSON")
        asked.add_argument(
            "--timeout", type=age, default=timedelta(seconds=30), metavar="AGE", help="how long to wait (default 30s)"
        )
        untaken = verbs.add_parser("events", help="the newest events that nobody took, a line each")
        untaken.add_argument("--limit", type=positive, default=30, help="how many at most (default %(default)s)")
        add_schedules(verbs, self._acting)
        operating.add_check(verbs)
        operating.add_prune(self._acting(verbs, "prune", "remove what ended long ago", workflow=False))
        operating.add_forget(self._acting(verbs, "forget", "blank what one business row's workflows hold", workflow=False))
        operating.add_roles(verbs)
        _accept_behind_verbs(parser, verbs.choices.values())

    @staticmethod
    def _acting(verbs: Any, name: str, text: str, *, workflow: bool = True) -> CommandParser:
        parser: CommandParser = verbs.add_parser(name, help=text)
        parser.add_argument("--by", metavar="WHO", help="who does it, for the history; by default the account you work under")
        if workflow:
            parser.add_argument("workflow", help="its id, or the beginning of it")
        return parser

    def handle(self, **options: Any) -> None:
        """Run one verb; what it refuses is said in one sentence."""
        verb = getattr(self, "_" + options["verb"].replace("-", "_"))
        try:
            health.require_tables()
            with acting_as(_actor(options.get("by")), channel="terminal"):
                for line in verb(options):
                    self.stdout.write(line)
        except PGWorkflowsError as error:
            raise CommandError(str(error)) from error
        except (OperationalError, ProgrammingError) as error:
            raise CommandError(f"Database {conf().DATABASE!r}: {error}") from error
        except OSError as error:
            raise CommandError(str(error)) from error

    def _list(self, options: dict[str, Any]) -> Iterable[str]:
        return list_workflows(statuses=options["status"], name=options["name"], limit=options["limit"])

    def _show(self, options: dict[str, Any]) -> Iterable[str]:
        return show(find(options["workflow"]))

    def _definitions(self, options: dict[str, Any]) -> Iterable[str]:
        return list_definitions()

    def _start(self, options: dict[str, Any]) -> Iterable[str]:
        using = {option: options[option] for option in ("key", "queue", "priority")}
        workflow = start(options["name"], options["version"], options["kwargs"], **using)
        return [f"{workflow.id} {workflow.name} is {workflow.status}."]

    def _cancel(self, options: dict[str, Any]) -> Iterable[str]:
        workflow = find(options["workflow"])
        workflow.cancel(options["reason"], compensate=not options["no_compensate"])
        said = _standing(workflow)
        return [said if workflow.is_finished else f"{said} A worker will cancel it."]

    def _retry(self, options: dict[str, Any]) -> Iterable[str]:
        workflow = find(options["workflow"])
        workflow.retry(options["reason"])
        return [_standing(workflow)]

    def _compensate(self, options: dict[str, Any]) -> Iterable[str]:
        workflow = find(options["workflow"])
        workflow.compensate(options["reason"])
        return [_standing(workflow)]

    def _send_event(self, options: dict[str, Any]) -> Iterable[str]:
        name, payload, key = options["name"], options["payload"], options["key"]
        if options["to"] is None:
            awaited = events.send_event(name, payload, correlation=options["correlation"], key=key)
            sent = f"Sent {name} under {options['correlation']}."
            return [sent if awaited else f"{sent} Nobody waits for that now: it is kept until one does."]
        workflow = find(options["to"])
        awaited = workflow.send_event(name, payload, key=key)
        sent = f"Sent {name} to {workflow.id} {workflow.name}."
        return [sent if awaited else f"{sent} {not_awaited(workflow)}"]

    def _ask(self, options: dict[str, Any]) -> Iterable[str]:
        workflow = find(options["workflow"])
        answer = workflow.ask(options["name"], options["payload"], timeout=options["timeout"])
        return [as_json(encode(answer, "the answer"), Redactor.of_run(workflow))]

    def _events(self, options: dict[str, Any]) -> Iterable[str]:
        return list_events(options["limit"])

    def _schedules(self, options: dict[str, Any]) -> Iterable[str]:
        return list_schedules()

    def _trigger(self, options: dict[str, Any]) -> Iterable[str]:
        return [trigger(options["schedule"])]

    def _backfill(self, options: dict[str, Any]) -> Iterable[str]:
        return [backfill(options["schedule"], options["start"], options["end"], again=options["again"])]

    def _check(self, options: dict[str, Any]) -> Iterator[str]:
        if options["snapshots"]:
            yield from list_snapshots()
            return
        limits = Limits(
            **{name: options[name] for name in ("runnable", "wait", "overdue", "workers", "blocked", "badly", "events")}
        )
        well, lines = check(limits, as_json=options["json"])
        yield from lines
        if not well:
            raise SystemExit(1)

    def _prune(self, options: dict[str, Any]) -> Iterable[str]:
        return prune(options["older_than"], most=options["batch"], export=options["export"], dry_run=options["dry_run"])

    def _forget(self, options: dict[str, Any]) -> Iterable[str]:
        forgotten = forgetting.forget(options["subject"])
        return [f"Forgot {options['subject']}: {forgotten.workflows} workflow(s), {forgotten.approvals} approval(s)."]

    def _roles(self, options: dict[str, Any]) -> Iterable[str]:
        return roles_sql(options["prefix"])


def _accept_behind_verbs(parser: CommandParser, verbs: Iterable[CommandParser]) -> None:
    """Take Django's own options behind a verb too, as in `workflows check --settings shop.settings`."""
    for option in parser._actions:
        if option.option_strings and option.dest not in ("help", "version"):
            again = copy(option)
            again.default = SUPPRESS
            for verb in verbs:
                verb._add_action(again)


def _standing(workflow: Workflow) -> str:
    workflow.refresh_from_db()
    return f"{workflow.id} {workflow.name} is {workflow.status}."


def _actor(name: str | None) -> Any:
    """Return the user of that name, else the name; without one, the account that the command runs under."""
    if name is None:
        return getpass.getuser()
    return person(name, conf().DATABASE) or name
