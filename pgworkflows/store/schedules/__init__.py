"""Starting workflows by the clock."""
