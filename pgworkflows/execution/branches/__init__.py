"""Branches of a body: gather, settle and first."""
