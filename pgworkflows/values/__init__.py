"""Values: what is stored as JSON and text, how it is read back, and what of it is hidden."""
