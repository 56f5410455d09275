"""The shop's pages, and the address that the carrier calls."""
