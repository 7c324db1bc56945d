"""One file for each kind of thing the core keeps; hand-written SQL, the same on both databases."""
