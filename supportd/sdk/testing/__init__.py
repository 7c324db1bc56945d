"""The kit for testing a plugin: a group in memory with its own clock; no server, no event loop, no disk.

``a_group(Welcome).with_key_members("Ann").when(member_joins("Bo")).then_writes_to("Bo")`` reads as what it tests. The kit keeps the rules
that the sdk knows: grants, known people and rooms, asks with steps and quorum, timers by virtual time. Quiet hours, rates and powers are
the engine's and are not played.
"""

from supportd.sdk.testing import conformance
from supportd.sdk.testing._acts import (
    Act,
    answers,
    command,
    edits,
    effect_fails,
    link_used,
    member_joins,
    member_leaves,
    message_hidden,
    person_added,
    reacts,
    roles_change,
    room_is_ready,
    room_is_swept,
    says,
    turned_on,
)
from supportd.sdk.testing._kinds import (
    ends_poll,
    knocks,
    member_invited,
    polls_appear,
    room_upgraded,
    sends_file,
    speaks,
    starts_poll,
    votes,
)
from supportd.sdk.testing._rooms import room_changes, rooms_are_mended, stranger_comes
from supportd.sdk.testing._scene import Scene, a_group
from supportd.sdk.testing._seen import Asked, Told
from supportd.sdk.testing._shelf import Shelf

__all__ = [
    "Act",
    "Asked",
    "Scene",
    "Shelf",
    "Told",
    "a_group",
    "answers",
    "command",
    "conformance",
    "edits",
    "effect_fails",
    "ends_poll",
    "knocks",
    "link_used",
    "member_invited",
    "member_joins",
    "member_leaves",
    "message_hidden",
    "person_added",
    "polls_appear",
    "reacts",
    "roles_change",
    "room_changes",
    "room_is_ready",
    "room_is_swept",
    "room_upgraded",
    "rooms_are_mended",
    "says",
    "sends_file",
    "speaks",
    "starts_poll",
    "stranger_comes",
    "turned_on",
    "votes",
]
