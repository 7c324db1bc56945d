"""Rooms in which people dare to speak."""

from supportd_confidential_rooms.plugin import ConfidentialRooms

__all__ = ["ConfidentialRooms"]
