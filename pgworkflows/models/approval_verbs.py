"""The verbs of an approval's row; each is one call into `store`."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group

from ..values.people import Person


class ApprovalVerbs:
    """Mixin of Approval. Every verb raises NotAllowed for who may not, AlreadyDecided where it comes too late.

    `by` is a user or a username. What it goes through (admin, site, api, link) is what `acting_as` says. `self` is the
    Approval, which this module cannot name to the type checker.
    """

    def approve(self: Any, by: Person, *, comment: str = "", data: Any = None, on_behalf_of: Person | None = None) -> None:
        """Agree; raise also ApprovalExpired, SubjectChanged, and Django's ValidationError where the form is not filled in.

        `on_behalf_of` is whom a delegate stands in for; it may be left out where there is only one.
        """
        from ..store.approvals import decisions

        decisions.decide(self, by, "approve", comment=comment, data=data, on_behalf_of=on_behalf_of)

    def reject(self: Any, by: Person, *, comment: str, data: Any = None, on_behalf_of: Person | None = None) -> None:
        """Disagree, saying why; one rejection rejects. Raises as `approve` does."""
        from ..store.approvals import decisions

        decisions.decide(self, by, "reject", comment=comment, data=data, on_behalf_of=on_behalf_of)

    def request_changes(self: Any, by: Person, *, comment: str, data: Any = None, on_behalf_of: Person | None = None) -> None:
        """Send it back to its requester, saying what to change; possible also where the subject has changed."""
        from ..store.approvals import decisions

        decisions.decide(self, by, "request_changes", comment=comment, data=data, on_behalf_of=on_behalf_of)

    def resubmit(self: Any, by: Person, comment: str = "") -> None:
        """Ask again, as the requester, after changes were requested: a worker opens the next round."""
        from ..store.approvals import verbs

        verbs.resubmit(self, by, comment)

    def withdraw(self: Any, by: Person, reason: str) -> None:
        """Take the request back, as its requester."""
        from ..store.approvals import verbs

        verbs.withdraw(self, by, reason)

    def reassign(self: Any, by: Person, to: Person | Group, reason: str) -> None:
        """Have a user or a group asked instead: of oneself where one is named, of all with `reassign_approval`."""
        from ..store.approvals import verbs

        verbs.reassign(self, by, to, reason)

    def comment(self: Any, by: Person, text: str) -> None:
        """Say something that everybody concerned can read."""
        from ..store.approvals import verbs

        verbs.comment(self, by, text)
