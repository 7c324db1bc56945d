"""All tests of supportd."""
