"""The admin's pages; Django finds them here."""

from . import approvals, delegations, policies, records, stages, workflows
from .subjects import WorkflowsAdminMixin

__all__ = ["WorkflowsAdminMixin", "approvals", "delegations", "policies", "records", "stages", "workflows"]
