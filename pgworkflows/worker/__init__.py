"""Long-lived processes: the batch loop, the pool for outside calls, the heartbeat, and the supervisor over them."""
