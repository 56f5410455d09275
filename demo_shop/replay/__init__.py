"""A real approval process, replayed: who did what next comes from its log, who may do it from the policy."""
