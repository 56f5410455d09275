"""The card processor: another program, with a ledger of its own, that the shop reaches over HTTP only.

It behaves as such services do: idempotency keys, declines, time-outs, and answers that get lost after
the money has moved. Nothing here knows Django or the shop.
"""
