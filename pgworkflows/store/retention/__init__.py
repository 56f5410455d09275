"""Removing: what ended long ago, what is on record of it, and what a business row left."""
