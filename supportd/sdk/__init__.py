"""Everything that a plugin may import, and nothing else."""
