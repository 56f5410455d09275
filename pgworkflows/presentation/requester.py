"""Who asked for an approval, in words."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ..models import Approval


def asked_by(approval: Approval) -> str:
    """Return the requester's name, or say what it means for four eyes that nobody is known."""
    if approval.requester_is_known:
        return approval.requested_by_name
    return _("nobody known, so that nobody is kept from deciding as who asked")
