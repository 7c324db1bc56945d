"""What stands for something else in tests keeps the same rules as the real thing."""
