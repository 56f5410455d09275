"""Proofs: random workflows, one kind of fault again and again, and a count of what was lost or doubled."""
