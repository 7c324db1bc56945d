"""What people may ask of the rooms: the same words in a terminal and in a direct chat."""

from __future__ import annotations

from typing import Final

from supportd.sdk.commands import Command, Parameter
from supportd_confidential_rooms import gating, strangers

_KEY: Final = Parameter(name="room", help="The room's word, see rooms list.")
_TEMPLATE: Final = Parameter(name="template", help="Which template, see rooms templates.")
_WEEKS: Final = Parameter(name="weeks", help="How many weeks.", default="")
COMMANDS: Final = (
    Command(name="rooms list", help="Show the group's rooms and their settings."),
    Command(name="rooms audit", help="Compare each room with what it was declared to be; status 1 when something differs."),
    Command(name="rooms levels", help="Show what works at which listening level.", who="anyone"),
    Command(
        name="rooms templates",
        help="Show the kinds of room there are, or all of one.",
        parameters=(Parameter(name="template", help="Which one.", default=""),),
    ),
    Command(
        name="rooms change",
        help="Change one field of a template, for all its rooms.",
        who="admin",
        parameters=(_TEMPLATE, Parameter(name="field", help="Which field."), Parameter(name="value", help="Its new value.")),
    ),
    Command(
        name="rooms copy",
        help="Copy a template under a new name.",
        who="admin",
        parameters=(_TEMPLATE, Parameter(name="new", help="The copy's name.")),
    ),
    Command(
        name="rooms create",
        help="Make a room from a template.",
        parameters=(
            _TEMPLATE,
            Parameter(name="called", help="The room's name, in quotation marks; the homeserver can read it."),
            Parameter(name="people", help="Names of those who are invited, with commas; for templates that ask.", default=""),
        ),
    ),
    Command(
        name="rooms listening",
        help="Ask the key members to change a listening level.",
        parameters=(_KEY, Parameter(name="level", help="reader, doorkeeper or absent.")),
    ),
    Command(
        name="rooms cap", help="Set how many people a room has at most.", parameters=(_KEY, Parameter(name="number", help="How many."))
    ),
    Command(name="rooms invite", help="Invite somebody of the group to a room.", parameters=(_KEY, Parameter(name="who", help="Who."))),
    Command(
        name="rooms keep",
        help="Ask the key members that words in a room are hidden after some days; 0: they stay.",
        who="anyone",
        parameters=(_KEY, Parameter(name="days", help="How many days.")),
    ),
    Command(name="rooms close", help="Close a room; what was said stays readable for who was there.", parameters=(_KEY,)),
    Command(
        name="rooms unlock",
        help="Open a room again that was locked because a setting could not be set back.",
        who="admin",
        parameters=(_KEY,),
    ),
    Command(
        name="rooms merge",
        help="Ask two key members, then everybody, whether two rooms become one.",
        parameters=(_KEY, Parameter(name="other", help="The other room's word.")),
    ),
    Command(
        name="rooms review",
        help="Open a review with other key members, never with the person it is about.",
        parameters=(
            Parameter(name="people", help="Key members, with commas."),
            Parameter(name="about", help="The word about."),
            Parameter(name="who", help="Whom it is about."),
        ),
    ),
    Command(
        name="buddies",
        help="Ask two people whether they would like to be buddies.",
        parameters=(Parameter(name="one", help="One of them."), Parameter(name="other", help="The other one.")),
    ),
    Command(name="buddy", help="Ask somebody to be your buddy.", parameters=(Parameter(name="who", help="Who."),), who="anyone"),
    *strangers.COMMANDS,
    *gating.COMMANDS,
    Command(name="talk", help="Ask for a private talk with the key member on duty.", who="anyone"),
    Command(name="i need to talk", help="The same as talk.", who="anyone"),
    Command(name="take a break", help="Leave the rooms for a while; your places wait for you.", parameters=(_WEEKS,), who="anyone"),
    Command(name="pause", help="The same as take a break.", parameters=(_WEEKS,), who="anyone"),
    Command(name="back", help="Come back from a break.", who="anyone"),
    Command(name="zurück", help="The same as back.", who="anyone"),
    Command(name="leave", help="Leave the group for good, and be forgotten here.", who="anyone"),
    Command(name="verlassen", help="The same as leave.", who="anyone"),
    Command(name="panic", help="Shut the group at once."),
    Command(name="open again", help="Ask the key members to open the group again after a panic."),
)
