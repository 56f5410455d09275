"""Running one workflow: replay, steps, sagas, and the transaction that fuses them."""
