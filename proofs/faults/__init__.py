"""One kind of fault each: `prove(run)` injects it again and again while random workflows run, and counts."""
