"""What a developer declares: workflows, steps, retries, and the registry that finds them."""
