"""The core's tables: one file is the whole schema, and each column says whether it is sealed.

Instants are microseconds since 1970 in UTC (``BIGINT``) on both databases. ``sealed`` columns hold ciphertext only: under the host key, the
group's key or the person's key as the comment says. The data inventory (``docs/operators/data.md``) is made from ``info["holds"]``.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text

metadata = MetaData()


def _text(name: str, holds: str, *, key: bool = False, null: bool = False) -> Column[str]:
    return Column(name, Text, primary_key=key, nullable=null, info={"holds": holds})


def _sealed(name: str, holds: str, *, null: bool = False) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=null, info={"holds": holds, "sealed": True})


def _instant(name: str, holds: str, *, key: bool = False, null: bool = False) -> Column[int]:
    return Column(name, BigInteger, primary_key=key, nullable=null, info={"holds": holds})


def _number(name: str, holds: str, *, null: bool = False) -> Column[int]:
    return Column(name, Integer, nullable=null, info={"holds": holds})


def _serial() -> Column[int]:
    return Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True, info={"holds": "order"})


groups = Table(
    "groups",
    metadata,
    _text("id", "short name of the group", key=True),
    _sealed("key", "the group's key under the host key"),
    _sealed("style", "name, language, edition and zone, under the group's key"),
    _instant("added", "when the group began"),
    _instant("shut", "since when it is shut after a panic", null=True),
)

persons = Table(
    "persons",
    metadata,
    _text("id", "opaque id", key=True),
    _text("group_id", "group"),
    _sealed("key", "the person's key under the group's key; destroyed by forget"),
    _text("blind", "keyed hash of the Matrix id, to find it again", null=True),
    _sealed("matrix_id", "Matrix id, under the person's key", null=True),
    _sealed("name", "chosen name, under the person's key"),
    _text("roles", "member, key_member, admin, owner"),
    _sealed("profile", "language, edition, zone and quiet hours, under the person's key"),
    _instant("added", "when the person was entered"),
    Index("persons_by_blind", "group_id", "blind", unique=True),
    Index("persons_by_group", "group_id", "added", "id"),
)

tombstones = Table(
    "tombstones",
    metadata,
    _text("group_id", "group", key=True),
    _text("blind", "keyed hash of the Matrix id of somebody who was forgotten", key=True),
    _instant("at", "when"),
)

kept_out = Table(
    "kept_out",
    metadata,
    _text("group_id", "group", key=True),
    _text("blind", "keyed hash of the Matrix id of somebody who is not to be admitted; the id itself is not kept", key=True),
    _instant("at", "since when"),
)

addresses = Table(
    "addresses",
    metadata,
    _text("person_id", "person", key=True),
    _text("kind", "mail, post or phone", key=True),
    _sealed("value", "the address, under the person's key"),
    _number("level", "what may be sent there, 0 to 4"),
)

relations = Table(
    "relations",
    metadata,
    _text("person_id", "proxy or buddy", key=True),
    _text("other_id", "for whom", key=True),
    _text("kind", "proxy or buddy", key=True),
)

consents = Table(
    "consents",
    metadata,
    _serial(),
    _text("group_id", "group"),
    _text("person_id", "who said it"),
    _text("kind", "what it is for"),
    _text("wording", "version of the wording"),
    _number("given", "1 yes, 0 no"),
    _text("how", "reaction, word, mail, slip, form or proxy"),
    _instant("at", "when"),
    Index("consents_by_group", "group_id"),
)

duties = Table(
    "duties",
    metadata,
    _text("group_id", "group", key=True),
    _text("kind", "kind of duty", key=True),
    _text("person_id", "who", key=True),
    _instant("start_at", "from", key=True),
    _instant("end_at", "until"),
)

signposts = Table(
    "signposts",
    metadata,
    _text("group_id", "group", key=True),
    _text("key", "which", key=True),
    _sealed("body", "number, words, hours, country, last check, under the group's key"),
)

cases = Table(
    "cases",
    metadata,
    _text("group_id", "group", key=True),
    _text("plugin", "plugin", key=True),
    _text("key", "which", key=True),
    _text("kind", "flag, hold, bounce, appeal"),
    _text("refs", "ids only, JSON"),
    _instant("opened", "when"),
    _instant("closed", "when", null=True),
    _text("outcome", "one word", null=True),
)

rooms = Table(
    "rooms",
    metadata,
    _text("room_id", "Matrix room id", key=True),
    _text("group_id", "group"),
    _text("key", "what the plugin calls it"),
    _text("plugin", "who asked for it"),
    _text("kind", "space, room or direct"),
    _text("listening", "listening level"),
    _text("person_id", "of a direct chat", null=True),
    _sealed("declared", "the declared settings, JSON, under the group's key", null=True),
    _sealed("seen", "the settings as last seen and levels of power, JSON, under the group's key", null=True),
    _number("changes", "how often the settings were seen to change", null=True),
    _text("power", "levels of our accounts, JSON", null=True),
    _instant("made", "when"),
    Index("rooms_by_group", "group_id"),
)

memberships = Table(
    "memberships",
    metadata,
    _text("room_id", "room", key=True),
    _text("person_id", "person", key=True),
    _text("state", "invite, join, leave, ban, knock"),
    _number("was_in", "1 when they ever joined"),
    _instant("at", "since when"),
)

strangers = Table(
    "strangers",
    metadata,
    _text("room_id", "room", key=True),
    _text("blind", "keyed hash of the Matrix id of somebody who is not in the group's people", key=True),
    _text("group_id", "group"),
    _text("state", "invite or join; the row goes when they go, or are entered"),
    _sealed("body", "Matrix id, shown name and who invited, JSON, under the group's key"),
    _instant("at", "since when"),
    Index("strangers_by_group", "group_id", "blind"),
)

settings = Table(
    "settings",
    metadata,
    _text("group_id", "group, or empty for the deployment", key=True),
    _text("plugin", "plugin", key=True),
    _text("room_id", "room, or empty for the group", key=True),
    _text("key", "setting", key=True),
    _sealed("value", "JSON, under the host key"),
)

setting_changes = Table(
    "setting_changes",
    metadata,
    _serial(),
    _text("group_id", "group, or empty"),
    _text("plugin", "plugin"),
    _text("room_id", "room, or empty"),
    _text("key", "setting"),
    _sealed("old", "JSON, under the host key", null=True),
    _sealed("new", "JSON, under the host key", null=True),
    _instant("at", "when"),
    _text("by", "opaque id of a person, or terminal"),
    Index("setting_changes_by_group", "group_id", "plugin"),
)

plugin_states = Table(
    "plugin_states",
    metadata,
    _text("group_id", "group", key=True),
    _text("plugin", "plugin", key=True),
    _text("state", "off, on, shadow, retrying, needs attention, failed"),
    _number("failures", "in a row"),
    _text("reason", "a sentence without words of members"),
    _instant("at", "since when"),
)

handled = Table(
    "handled",
    metadata,
    _text("id", "id of an event", key=True),
    _instant("at", "when; kept 30 days"),
    Index("handled_by_at", "at"),
)

inbox = Table(
    "inbox",
    metadata,
    _serial(),
    Column("id", Text, nullable=False, unique=True, info={"holds": "id of an event"}),
    _text("group_id", "group", null=True),
    _text("plugin", "plugin that has to try again", null=True),
    _text("room_id", "room that is not registered yet", null=True),
    _sealed("event", "the event, under the group's or the host key; kept at most 7 days"),
    _number("attempts", "failures so far"),
    _instant("not_before", "earliest next try"),
    _instant("at", "when it came"),
    Index("inbox_by_plugin", "group_id", "plugin", "number"),
    Index("inbox_by_room", "room_id"),
)

outbox = Table(
    "outbox",
    metadata,
    _serial(),
    Column("id", Text, nullable=False, unique=True, info={"holds": "id of the decision, also the transaction id"}),
    _text("group_id", "group"),
    _text("plugin", "plugin"),
    _text("account", "creator, doorkeeper or reader"),
    _text("lane", "what goes one after the other"),
    _number("priority", "0 moderation, 1 welcome, 2 the rest"),
    _text("person_id", "whom it is about", null=True),
    _text("kind", "kind of effect"),
    _sealed("effect", "the effect, under the group's key; wiped when final, after 7 days at the latest", null=True),
    _text("state", "waiting, blocked, held, sending, uncertain, done, refused"),
    _number("attempts", "sends so far"),
    _instant("not_before", "earliest next try"),
    _instant("added", "when it was decided"),
    _instant("first_sent", "when it was first sent", null=True),
    _instant("ended", "when it became final", null=True),
    _text("event_id", "the event it became", null=True),
)
# Written out: a bound ``state`` hides a partial index from the planner (trust.md section 1).
Index(
    "outbox_open",
    outbox.c.lane,
    outbox.c.number,
    sqlite_where=outbox.c.state.in_(("waiting", "sending")),
    postgresql_where=outbox.c.state.in_(("waiting", "sending")),
)
Index("outbox_by_plugin", outbox.c.group_id, outbox.c.plugin, outbox.c.added)

timers = Table(
    "timers",
    metadata,
    _text("group_id", "group", key=True),
    _text("plugin", "plugin", key=True),
    _text("key", "which", key=True),
    _instant("due", "when"),
    Index("timers_by_due", "due"),
)

asks = Table(
    "asks",
    metadata,
    _text("id", "id of the decision", key=True),
    _text("group_id", "group"),
    _text("plugin", "plugin"),
    _text("key", "which"),
    _sealed("ask", "the question and its answers, under the group's key; wiped when it ends", null=True),
    _number("step", "steps asked so far"),
    _text("outcome", "answer, silence or closed; empty while open"),
    _instant("opened", "when"),
    _instant("ended", "when", null=True),
    Index("asks_by_key", "group_id", "plugin", "key", "outcome"),
)

ask_people = Table(
    "ask_people",
    metadata,
    _text("ask_id", "ask", key=True),
    _text("person_id", "whom it was put to", key=True),
    _text("row_id", "outbox row that carries it"),
    _text("event_id", "event that carries it", null=True),
    _number("turn", "order in which people were asked"),
    _instant("sent_at", "when it reached them", null=True),
    Index("ask_people_by_event", "event_id"),
    Index("ask_people_by_row", "row_id"),
    Index("ask_people_by_person", "person_id"),
)

ask_answers = Table(
    "ask_answers",
    metadata,
    _serial(),
    _text("ask_id", "ask"),
    _text("person_id", "who"),
    _text("answer", "name of the answer"),
    _instant("at", "when"),
    Index("ask_answers_by_ask", "ask_id"),
)

journal = Table(
    "journal",
    metadata,
    _serial(),
    _text("group_id", "group"),
    _text("plugin", "plugin"),
    _instant("at", "when; kept 90 days"),
    _text("kind", "what"),
    _text("outcome", "accepted, refused, shadow, failed, done, held, told, changed"),
    _text("reason", "a sentence without words of members"),
    _text("about", "opaque ids"),
    _text("chain", "hash over this line and the one before"),
    Index("journal_by_group", "group_id", "number"),
)

invitations = Table(
    "invitations",
    metadata,
    _text("hash", "hash of the token", key=True),
    _text("group_id", "group"),
    _sealed("name", "whom the link was made for, and the occasion, under the group's key; wiped when it is used", null=True),
    _instant("expires", "until when"),
    _instant("used", "when", null=True),
    Index("invitations_by_group", "group_id"),
)

links = Table(
    "links",
    metadata,
    _text("hash", "hash of the token", key=True),
    _text("group_id", "group"),
    _text("plugin", "plugin"),
    _text("key", "which"),
    _text("person_id", "for whom"),
    _text("button", "what the button says"),
    _instant("expires", "until when"),
    _instant("used", "when", null=True),
)

tokens = Table("tokens", metadata, _text("account", "account", key=True), _text("token", "sync token"))

gaps = Table(
    "gaps",
    metadata,
    _text("id", "which", key=True),
    _text("room_id", "room"),
    _text("start_token", "walk from here"),
    _text("end_token", "back to here"),
    _instant("at", "since when"),
)

parked = Table(
    "parked",
    metadata,
    _text("event_id", "event", key=True),
    _text("room_id", "room"),
    _text("session_id", "megolm session"),
    _sealed("ciphertext", "the event as it came, under the host key; kept 72 hours"),
    _instant("at", "when it came"),
    Index("parked_by_session", "room_id", "session_id"),
)

aside = Table(
    "aside",
    metadata,
    _text("id", "which", key=True),
    _text("reason", "name of the error"),
    _sealed("body", "what could not be handled, under the host key; kept 7 days"),
    _instant("at", "when"),
)
