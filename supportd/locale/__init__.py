"""Texts of the core for people."""
