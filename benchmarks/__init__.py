"""Side by side on one server: the engine, plain Django, the raw limits, and the peers."""
