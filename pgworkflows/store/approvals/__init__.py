"""Approvals: asking for them, deciding them, and all that is done to them."""
