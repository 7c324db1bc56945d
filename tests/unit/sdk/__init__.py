"""Tests of the sdk."""
