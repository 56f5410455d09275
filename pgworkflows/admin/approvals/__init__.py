"""The admin's pages of approvals, of policies, and of who stands in for whom."""
