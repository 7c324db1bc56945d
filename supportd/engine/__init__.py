"""Deciding and doing, apart: inbox, dispatch, gate, outbox, timers. No network, no SQL text, no plugin host."""
