"""Identifiers: strings with a meaning of their own for the type checker."""

from __future__ import annotations

from typing import NewType

#: A group's short name in settings and commands, ``[a-z0-9-]{1,40}``.
GroupId = NewType("GroupId", str)
#: An opaque name of a person within supportd; says nothing about them and is never a Matrix id or an address.
PersonId = NewType("PersonId", str)
#: A Matrix room id; in room version 12 ``!`` and 43 characters without a server (MSC4291).
RoomId = NewType("RoomId", str)
#: A Matrix event id, or a stable id of another door: ``timer:…``, ``cli:…``, ``mail:…``, ``form:…``, ``result:…``.
EventId = NewType("EventId", str)
#: A Matrix user id, ``@localpart:server``. Core only: plugins know people by :data:`PersonId`.
UserId = NewType("UserId", str)
