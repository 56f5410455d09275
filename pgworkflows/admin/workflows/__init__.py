"""The admin's pages of workflows."""
