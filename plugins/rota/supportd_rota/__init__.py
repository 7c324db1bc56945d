"""Shares the work of key members by what each says they can give."""
