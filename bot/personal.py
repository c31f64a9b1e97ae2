"""What is kept of one person, all of it together: for whoever asks to see it (PIPL Article 45, GDPR Article 15)."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from actions.case import Case
from actions.erasing import concerns
from actions.facts import Fact
from bot.forgetting import Forgetting, Left
from bot.households import Households
from bot.ports import State
from connectors.codec import dump

Messages = Callable[[str, str], Awaitable[list[dict[str, Any]]]]
"""What a connector of ours keeps of what a person said in a group."""


class Personal:
    """Looks through all groups. Every method raises `Unreachable`."""

    def __init__(self, state: State, key: str, forgetting: Forgetting) -> None:
        self._state, self._forgetting = state, forgetting
        self._households = Households(state, key)

    async def kept(self, person: str, messages: Messages) -> dict[str, Any]:
        """All that is kept of them. Of others in the same cases it tells nothing."""
        groups = [
            found
            for group in await self._state.groups()
            if (found := await self._in_group(group, person, messages))
        ]
        names = await self._forgetting.known_in(person)
        return {"person": person, "known_in": list(names), "groups": groups}

    async def _in_group(self, group: str, person: str, messages: Messages) -> dict[str, Any]:
        talk = await self._state.talk(group)
        lines = [json.loads(dump(line)) for line in talk.recent if line.sender == person]
        cases = [
            found
            for case in await self._state.cases(group, every=True)
            if (found := await self._case(case, person))
        ]
        household = await self._households.of(group, person)
        said = await messages(group, person)
        kept = {"talk": lines, "cases": cases, "household": household, "messages": said}
        found = {name: value for name, value in kept.items() if value}
        return {"group": group, "title": talk.title, **found} if found else {}

    async def _case(self, case: Case, person: str) -> dict[str, Any]:
        trace = await self._state.trace(case.id)
        if not concerns(trace, person):
            return {}
        as_what = (
            "reporter" if person == case.reporter else "follower" if person in case.followers else "other"
        )
        theirs = [json.loads(dump(fact, Fact)) for fact in trace if fact.by == person]
        named = [type(fact).__name__ for fact in trace if fact.by != person and concerns([fact], person)]
        told = {
            "id": case.id,
            "as": as_what,
            "stage": case.stage,
            "category": case.category,
            "ticket": case.ticket,
        }
        return {**told, "facts": theirs, "named_in": named}

    async def erase(self, person: str) -> Left:
        """Erase them everywhere, as an operator: what is over now, the rest when it is."""
        done = Left()
        for group in dict.fromkeys((*await self._state.groups(), *await self._forgetting.known_in(person))):
            left = await self._forgetting.in_group(group, person, "operator")
            await self._households.erase(group, person)
            if left.open:
                await self._forgetting.hand_over(group, person)
            done += left
        await self._forgetting.values(person)
        await self._forgetting.trace("operator", person, done)
        return done


def empty(kept: dict[str, Any]) -> bool:
    """Whether nothing is kept of them."""
    return not (kept["known_in"] or kept["groups"])
