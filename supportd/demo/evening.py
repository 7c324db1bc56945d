"""One evening of a group that helps each other, with a power cut in the middle."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from supportd.demo.flare import Flare
from supportd.demo.result import Expected, Line, count
from supportd.demo.stage import GROUP_NAME, PASSWORD, STRICT
from supportd.demo.strictperson import StrictPerson
from supportd.matrix.accounts import register

if TYPE_CHECKING:
    from supportd.demo.show import Show
    from supportd.demo.stage import Stage

#: Who is in the group from the start and chats; Rose has no computer, Karim comes later.
FOUNDERS: Final = ("Jo", "Sam", "Tom", "Mei")
NEWCOMER: Final = "Karim"
VISITOR: Final = "You"
#: A space and the circle in it.
ROOMS: Final = 2


class Evening:
    """The scenes, in order."""

    def __init__(self, stage: Stage, show: Show) -> None:
        """Play on ``stage``."""
        self.stage, self.show = stage, show
        self.expected: list[Expected] = []
        self.circle = ""
        self.direct: dict[str, str] = {}

    async def play(self) -> None:
        """Play every scene; a scene that breaks raises :class:`~supportd.demo.show.SceneBroke`."""
        await self._open_the_house()
        await self._make_the_room()
        await self._talk("Tom", "Hard week. Words slow. Good to be here.")
        await self._talk("Mei", "I made soup today. I thought of you all.")
        await self._take_back("Tom", "Sorry, that was for somebody else.")
        await self._welcome_through_a_power_cut()
        await self._answer_and_introduce()
        await self._second_power_cut()
        await self._open_by_mistake()
        await Flare(self.stage, self.show, self.circle).play()
        self._count()

    # ---- scenes -------------------------------------------------------------------------------------------------

    async def _open_the_house(self) -> None:
        stage = self.stage
        with self.show.scene("A homeserver of our own starts") as detail:
            await stage.synapse.start()
            detail.append("Synapse, on this machine only, without federation.")
        with self.show.scene("Five people make their devices") as detail:
            for name in (*FOUNDERS, NEWCOMER):
                await stage.sign_up(name)
            detail.append("Each device is signed by its owner.")
            if isinstance(stage.people[STRICT], StrictPerson):
                detail.append(f"{STRICT} uses matrix-js-sdk, which shuts out devices that are not.")
        with self.show.scene("supportd is set up") as detail:
            await stage.set_up()
            detail.append("Three accounts, keys, the group, a recovery sheet.")
        with self.show.scene("The daemon starts") as detail:
            await stage.daemon.start()
            detail.append("Ready.")
        with self.show.scene("The group's people are entered") as detail:
            await stage.command("people", "add", "Sam", stage.user("Sam"), "key_member")
            await stage.command("people", "add", "Tom", stage.user("Tom"))
            await stage.command("people", "add", "Mei", stage.user("Mei"))
            await stage.command("people", "add", "Rose")
            detail.append("Rose has no computer; she is a member all the same.")
        for name in FOUNDERS:
            stage.listen(name)

    async def _make_the_room(self) -> None:
        stage = self.stage
        with self.show.scene("A confidential room is made") as detail:
            await stage.command("plugins", "on", "confidential_rooms")
            await stage.until(lambda: all(len(stage.people[name].invites) >= ROOMS for name in FOUNDERS))
            for name in FOUNDERS:
                await stage.people[name].accept_all()
            self.circle = await self._find_circle()
            await stage.until(lambda: all(self.circle in stage.people[name].joined for name in FOUNDERS))
            # Only now: who is in the room when the plugin is turned on is no newcomer.
            await stage.command("plugins", "on", "welcome")
            # A group gives a newcomer some minutes to look around; an evening that is watched does not wait.
            await stage.command("settings", "set", "welcome", "delay_minutes", "0")
            detail.append(await self._settings_seen_by("Jo"))

    async def _talk(self, name: str, text: str) -> None:
        readers = [one for one in self.stage.people if self.circle in self.stage.people[one].joined]
        with self.show.scene(f"{name} says something"):
            await self.stage.people[name].say(self.circle, text)
            self.expected += [Expected(reader, self.circle, text) for reader in readers]
            await self.stage.until(lambda: all(self._has_read(reader, text) for reader in readers))

    async def _take_back(self, name: str, text: str) -> None:
        readers = [one for one in self.stage.people if self.circle in self.stage.people[one].joined]
        with self.show.scene(f"{name} takes a message back") as detail:
            event = await self.stage.people[name].say(self.circle, text)
            await self.stage.until(lambda: all(self._has_read(reader, text) for reader in readers))
            await self.stage.people[name].redact(self.circle, event)
            await self.stage.until(lambda: all(not self._has_read(reader, text) for reader in readers))
            detail.append("It is gone from every app; some may have seen it.")

    async def _welcome_through_a_power_cut(self) -> None:
        stage, karim = self.stage, self.stage.people[NEWCOMER]
        with self.show.scene("A newcomer is invited") as detail:
            stage.listen(NEWCOMER)
            await stage.command("people", "add", NEWCOMER, stage.user(NEWCOMER))
            await stage.until(lambda: len(karim.invites) >= ROOMS)
            await karim.accept_all()
            await stage.until(lambda: self.circle in karim.joined)
            detail.append("Karim, under a made-up name.")
        with self.show.scene("SIGKILL between two sends of the daemon") as detail:
            # The direct chat is there, the greeting waits until he is in it: exactly between two sends.
            await stage.until(lambda: len(karim.invites) >= 1)
            pid = stage.daemon.pid
            await stage.daemon.kill()
            self.show.note(f"kill -9 {pid}: the daemon is dead between two of its own sends.")
            await karim.accept_all()
            await stage.people["Tom"].say(self.circle, "Is somebody new here? Hello.")
            readers = (*FOUNDERS, NEWCOMER)
            self.expected += [Expected(reader, self.circle, "Is somebody new here? Hello.") for reader in readers]
            await stage.until(lambda: all(self._has_read(reader, "Is somebody new here") for reader in readers))
            detail.append("The people go on talking.")
        with self.show.scene("The daemon starts again and catches up") as detail:
            await stage.daemon.start()
            await stage.until(lambda: self._told(NEWCOMER))
            detail.append("Karim is greeted, once.")

    async def _answer_and_introduce(self) -> None:
        stage, karim = self.stage, self.stage.people[NEWCOMER]
        helpers = ("Jo", "Sam")
        with self.show.scene("A key member is asked to say hello") as detail:
            await stage.until(lambda: any(self._is_asked(name) for name in helpers))
            asked = next(name for name in helpers if self._is_asked(name))
            await stage.people[asked].accept_all()
            await stage.until(lambda: self._told(asked))
            room, event = self._told(asked)[0]
            await stage.people[asked].react(room, event, "👍")
            detail.append(f"{asked} says yes with one tap.")
        await self._talk(asked, "Hello Karim. No need to say much. We are glad you are here.")
        with self.show.scene("The newcomer is introduced by his own wish") as detail:
            await stage.until(lambda: len(self._told(NEWCOMER)) > 1)
            room, _event = self._told(NEWCOMER)[0]
            await karim.say(room, "yes")
            await stage.until(lambda: self._bot_said("Tom", self.circle))
            detail.append("Only his chosen name, only after his yes.")

    async def _second_power_cut(self) -> None:
        stage = self.stage
        with self.show.scene("SIGKILL again, while everybody talks") as detail:
            words = [
                ("Karim", "Thank you. I will mostly read at first."),
                ("Mei", "Reading is fine."),
                ("Sam", "I read a lot and write little."),
            ]
            for index, (name, text) in enumerate(words):
                await stage.people[name].say(self.circle, text)
                self.expected += [Expected(reader, self.circle, text) for reader in (*FOUNDERS, NEWCOMER)]
                if index == 1:
                    await stage.daemon.kill()
            await stage.daemon.start()
            await stage.until(lambda: all(self._has_read(reader, text) for reader in (*FOUNDERS, NEWCOMER) for _name, text in words))
            # Long enough for anything that would be said twice to be said.
            await asyncio.sleep(2.0)
            detail.append("Nothing is said twice.")

    async def _open_by_mistake(self) -> None:
        stage, jo, sam = self.stage, self.stage.people["Jo"], self.stage.people["Sam"]
        with self.show.scene("Jo opens the circle to everybody, by mistake") as detail:
            loop = asyncio.get_running_loop()
            await jo.put_state(self.circle, "m.room.join_rules", {"join_rule": "public"})
            started = loop.time()
            while (await jo.state(self.circle, "m.room.join_rules")).get("join_rule") != "invite":  # noqa: ASYNC110 - the homeserver sets no asyncio event
                await asyncio.sleep(0.02)
            detail.append(f"It was shut again after {loop.time() - started:.1f} s.")
        with self.show.scene("Sam reads who changed what") as detail:
            await stage.until(lambda: bool(sam.invites) or self._told_of_drift("Sam"))
            await sam.accept_all()
            await stage.until(lambda: self._told_of_drift("Sam"))
            detail.append("Only the key members are told.")

    async def visitor(self) -> None:
        """Make the account of the visitor, who has no device yet, and let the daemon invite them."""
        stage = self.stage
        await register(stage.synapse.base_url, stage.synapse.registration_secret, VISITOR.lower(), PASSWORD)
        await stage.command("people", "add", VISITOR, stage.user(VISITOR))
        self.show.invitation(stage.synapse.base_url, VISITOR.lower(), PASSWORD)

    # ---- looking ------------------------------------------------------------------------------------------------

    def _has_read(self, reader: str, text: str) -> bool:
        timeline = self.stage.people[reader].timeline
        return any(seen.room == self.circle and seen.text.startswith(text) for seen in timeline)

    def _told(self, name: str) -> list[tuple[str, str]]:
        """Return (room, event) of what the helper wrote to one person alone."""
        return [(seen.room, seen.event) for seen in self.stage.alone(name, self.circle)]

    def _told_of_drift(self, name: str) -> bool:
        """Tell whether somebody has read that Jo changed a setting, alone with the helper."""
        return any("changed by Jo" in seen.text for seen in self.stage.alone(name, self.circle))

    def _is_asked(self, name: str) -> bool:
        return bool(self.stage.people[name].invites) or bool(self._told(name))

    def _bot_said(self, name: str, room: str) -> list[str]:
        timeline = self.stage.people[name].timeline
        return [seen.text for seen in timeline if seen.sender == self.stage.bot and seen.room == room]

    async def _find_circle(self) -> str:
        jo = self.stage.people["Jo"]
        for room in jo.joined:
            if await jo.state(room, "m.room.encryption"):
                return room
        raise RuntimeError("Jo is in no encrypted room")

    async def _settings_seen_by(self, name: str) -> str:
        """Read the room's settings back through a member's own client; raises where one is not the confidential one."""
        member = self.stage.people[name]
        history = await member.state(self.circle, "m.room.history_visibility")
        rule = await member.state(self.circle, "m.room.join_rules")
        guests = await member.state(self.circle, "m.room.guest_access")
        create = await member.state(self.circle, "m.room.create")
        found = (
            history.get("history_visibility"),
            rule.get("join_rule"),
            guests.get("guest_access"),
            create.get("m.federate"),
            create.get("room_version"),
        )
        if found != ("joined", "invite", "forbidden", False, "12"):
            raise RuntimeError(f"the room is not confidential: {found}")
        return f"“{GROUP_NAME}”: encrypted, by invitation, later joiners read nothing earlier, not federated."

    # ---- counting -----------------------------------------------------------------------------------------------

    def _count(self) -> None:
        karim = self._told(NEWCOMER)[0][0]
        greeting = next(seen.text for seen in self.stage.people[NEWCOMER].timeline if seen.room == karim)
        self.expected.append(Expected(NEWCOMER, karim, greeting))
        introduction = self._bot_said("Tom", self.circle)[0]
        self.expected += [Expected(reader, self.circle, introduction) for reader in (*FOUNDERS, NEWCOMER)]
        self.show.result.count = count(self.expected, self._lines(), "Helper")

    def _lines(self) -> list[Line]:
        names = self.stage.names
        return [
            Line(name, seen.room, names.get(seen.sender, seen.sender), seen.text)
            for name, member in self.stage.people.items()
            for seen in member.timeline
        ] + [Line(name, "", "", None) for name, person in self.stage.people.items() for _ in range(person.unreadable)]

    def table(self) -> None:
        """Print what each person's own client shows."""
        lines = self._lines()
        self.show.table(
            {
                name: (
                    sum(line.reader == name and line.sender != "Helper" and line.text is not None for line in lines),
                    sum(line.reader == name and line.sender == "Helper" and line.text is not None for line in lines),
                    sum(line.reader == name and line.text is None for line in lines),
                )
                for name in self.stage.people
            }
        )
