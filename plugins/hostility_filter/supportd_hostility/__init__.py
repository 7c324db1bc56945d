"""Judges messages, never people: hostile, in crisis, or neither. Needs numpy; no network."""
