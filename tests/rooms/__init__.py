"""The rooms of a group, with the real daemon, a real homeserver and people who change things."""
