"""Tests of the rules of a group."""
