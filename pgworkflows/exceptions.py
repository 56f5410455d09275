"""Every error that pgworkflows raises.

PGWorkflowsError
├── StepFailed            a step failed for good and its own exception cannot be rebuilt
├── WaitTimeout           (also TimeoutError) a wait or a time limit ran out
├── WorkflowFailed        wait() on a workflow that did not complete
├── WorkflowFinished      a verb that needs an unfinished workflow met a finished one
├── WorkflowNotFound      no such workflow, or no such definition
├── KeyConflict           one key, two sets of arguments
├── NotStorable           a value that cannot become JSON
├── QueryInBody           a database query in a workflow's body
├── NondeterminismError   the body no longer matches what is recorded
├── NotAllowed            this verb is not allowed here, or not to this user
├── AlreadyDecided        a decision on an approval that is no longer pending
├── ApprovalExpired       a decision after the approval's due date
├── SubjectChanged        what was approved is not what is there now
├── RequestRefused        a workflow refused what it was asked, or ended without an answer
├── TooManyBranches       a gather, settle or first of more branches than a workflow can run
├── WouldNeverReturn      a wait for something that cannot happen while one waits
└── NotMigrated           (also Django's ProgrammingError) the database lacks tables or functions of ours

Cancelled (a BaseException, no error) is raised in a branch that is cancelled: where it stands, then at each further wait.
"""

from __future__ import annotations

from typing import Any

from django.db import ProgrammingError


class Cancelled(BaseException):
    """This branch goes on no further: clean up, and let it pass. `reason` says why.

    Atomic steps still run; whatever waits raises it again.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class PGWorkflowsError(Exception):
    """Base of every error of this library."""


class StepFailed(PGWorkflowsError):  # noqa: N818 - a fixed public name
    """A step failed for good, and the exception it raised cannot be rebuilt here."""

    def __init__(self, step: str, type: str, message: str, attempts: int) -> None:  # noqa: A002
        self.step, self.type, self.message, self.attempts = step, type, message, attempts
        super().__init__(step, type, message, attempts)

    def __str__(self) -> str:
        return f"Step {self.step} failed after {self.attempts} attempt(s): {self.type}: {self.message}"


class WaitTimeout(PGWorkflowsError, TimeoutError):  # noqa: N818
    """What was waited for did not come in time; of a poll, `last` is what it returned last."""

    last: Any = None

    def __init__(self, waited_for: str) -> None:
        self.waited_for = waited_for
        super().__init__(waited_for)

    def __str__(self) -> str:
        return f"Timed out: {self.waited_for}."


class WorkflowFailed(PGWorkflowsError):  # noqa: N818
    """The workflow that was waited for ended without completing."""

    def __init__(self, name: str, workflow: str, status: str, error: str) -> None:
        self.name, self.workflow, self.status, self.error = name, workflow, status, error
        super().__init__(name, workflow, status, error)

    def __str__(self) -> str:
        return f"Workflow {self.name} {self.workflow} ended {self.status}: {self.error or 'no error recorded'}"


class WorkflowFinished(PGWorkflowsError):  # noqa: N818
    """The verb needs a workflow in another status."""

    def __init__(self, workflow: str, status: str, verb: str) -> None:
        self.workflow, self.status, self.verb = workflow, status, verb
        super().__init__(workflow, status, verb)

    def __str__(self) -> str:
        ended = self.status not in ("PENDING", "RUNNING", "WAITING", "COMPENSATING", "BLOCKED")
        remedy = (
            "Start a new workflow if the work has to be done again."
            if ended
            else "Start no other in its place, which would do the same again: `manage.py workflows show` tells what it waits for."
        )
        return f"Cannot {self.verb} workflow {self.workflow}: it is {self.status}. {remedy}"


class WorkflowNotFound(PGWorkflowsError):  # noqa: N818
    """No workflow has this id, or no definition this name."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(what)

    def __str__(self) -> str:
        return (
            f"No workflow {self.what}. Check the id or the name; names are listed by "
            "`manage.py workflows definitions`, and a workflow started in a transaction exists once that commits."
        )


class KeyConflict(PGWorkflowsError):  # noqa: N818
    """The key is taken by a workflow with other arguments; both are told without secrets."""

    def __init__(self, name: str, key: str, workflow: str, stored: Any, given: Any) -> None:
        self.name, self.key, self.workflow, self.stored, self.given = name, key, workflow, stored, given
        super().__init__(name, key, workflow, stored, given)

    def __str__(self) -> str:
        return (
            f"Key {self.key!r} of {self.name} belongs to workflow {self.workflow} with arguments {self.stored!r}, "
            f"but was used again with {self.given!r}. Use another key, or the same arguments."
        )


class NotStorable(PGWorkflowsError):  # noqa: N818
    """A value cannot be stored as JSON."""

    def __init__(self, where: str, reason: str) -> None:
        self.where, self.reason = where, reason
        super().__init__(where, reason)

    def __str__(self) -> str:
        return f"{self.where} cannot be stored: {self.reason}"


class QueryInBody(PGWorkflowsError):  # noqa: N818
    """A workflow's body touched the database outside a step."""

    def __init__(self, workflow: str, what: str) -> None:
        self.workflow, self.what = workflow, what
        super().__init__(workflow, what)

    def __str__(self) -> str:
        return (
            f"The body of {self.workflow} touched the database ({self.what}). A body is run again from the top, so "
            "move this into a function decorated with @step and call that."
        )


class NondeterminismError(PGWorkflowsError):
    """The body asks for something else than what is recorded."""

    def __init__(self, workflow: str, position: str, recorded: str, met: str) -> None:
        self.workflow, self.position, self.recorded, self.met = workflow, position, recorded, met
        super().__init__(workflow, position, recorded, met)

    def __str__(self) -> str:
        return (
            f"Workflow {self.workflow} at position {self.position}: recorded is {self.recorded}, but the code now "
            f"asks for {self.met}. Put the code back, or give the changed body a new version=, then call retry()."
        )


class NotAllowed(PGWorkflowsError):  # noqa: N818
    """The verb is not allowed here, or not to this user."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class AlreadyDecided(PGWorkflowsError):  # noqa: N818
    """The approval is no longer pending."""

    def __init__(self, approval: int, status: str) -> None:
        self.approval, self.status = approval, status
        super().__init__(approval, status)

    def __str__(self) -> str:
        return f"Approval {self.approval} is already {self.status}; nothing was changed."


class ApprovalExpired(PGWorkflowsError):  # noqa: N818
    """The approval's due date has passed."""

    def __init__(self, approval: int, due_at: str) -> None:
        self.approval, self.due_at = approval, due_at
        super().__init__(approval, due_at)

    def __str__(self) -> str:
        return f"Approval {self.approval} was due at {self.due_at} and can no longer be decided."


class SubjectChanged(PGWorkflowsError):  # noqa: N818
    """The subject is not what was approved."""

    def __init__(self, subject: str, difference: Any) -> None:
        self.subject, self.difference = subject, difference
        super().__init__(subject, difference)

    def __str__(self) -> str:
        return f"{self.subject} has changed since it was shown for approval: {self.difference!r}. Ask for approval again."


class RequestRefused(PGWorkflowsError):  # noqa: N818
    """The workflow refused what it was asked, or ended without an answer."""

    def __init__(self, request: str, workflow: str, reason: str) -> None:
        self.request, self.workflow, self.reason = request, workflow, reason
        super().__init__(request, workflow, reason)

    def __str__(self) -> str:
        return f"Workflow {self.workflow} refused the request {self.request!r}: {self.reason}"


class TooManyBranches(PGWorkflowsError):  # noqa: N818
    """More branches than one workflow can run."""

    def __init__(self, verb: str, branches: int, most: int) -> None:
        self.verb, self.branches, self.most = verb, branches, most
        super().__init__(verb, branches, most)

    def __str__(self) -> str:
        return (
            f"{self.verb}() of {self.branches} branches is more than {self.most}. Start a child for every few hundred, and "
            "gather their results."
        )


class WouldNeverReturn(PGWorkflowsError):  # noqa: N818
    """The wait cannot end while one waits here."""

    def __init__(self, workflow: str, place: str, verb: str = "wait()") -> None:
        self.workflow, self.place, self.verb = workflow, place, verb
        super().__init__(workflow, place, verb)

    def __str__(self) -> str:
        remedy = (
            "Wait after the commit; in a body use the handle's result()."
            if self.verb == "wait()"
            else "Ask after the commit; from a workflow send an event."
        )
        return (
            f"{self.verb} for workflow {self.workflow} would never return {self.place}: no worker can see it before this "
            f"ends. {remedy}"
        )


class NotMigrated(PGWorkflowsError, ProgrammingError):  # noqa: N818
    """The database does not have our tables or functions, or older ones."""

    def __init__(self, database: str, missing: str) -> None:
        self.database, self.missing = database, missing
        super().__init__(database, missing)

    def __str__(self) -> str:
        return (
            f"Database {self.database!r}: {self.missing}. Run `manage.py migrate --database {self.database}`; a test database "
            "is made without --nomigrations, TEST['MIGRATE'] = False and MIGRATION_MODULES['pgworkflows']."
        )
