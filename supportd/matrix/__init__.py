"""The Matrix side of supportd: the only room that knows nio."""
