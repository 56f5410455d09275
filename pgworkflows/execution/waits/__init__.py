"""What a body can wait for: one file a kind, with the verb that opens it."""
