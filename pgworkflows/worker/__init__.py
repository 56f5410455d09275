"""Long-lived processes: the batch loop, the pool for outside calls, signs of life, and the supervisor over them."""
