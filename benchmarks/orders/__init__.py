"""The business tables and the workflows that are measured."""
