"""The pure rules of a group: no input, no output, no clock."""
