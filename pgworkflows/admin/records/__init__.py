"""What else is on record, to be read."""
