"""Alarms: words of danger warn at once, unless the NLU is sure that they are mere talk."""

import asyncio
from dataclasses import replace

import pytest

from actions.errors import Unreachable
from actions.policy import Policy
from actions.reading import Intent, Urgency
from bot import alarms
from connectors.memory_nlu import MemoryNlu
from tests.town import Town, means, report

JOKE, FIRE = "救命 我把步数点成捐钱了", "9号楼着火了快来人"
READ = {
    JOKE: means(Intent.CHATTER, confidence=0.8),
    FIRE: report("safety.fire", "9号楼", urgency=Urgency.EMERGENCY),
}


async def test_a_cry_for_help_is_warned_of_at_once():
    town = Town(READ)
    await town.say("张阿姨", FIRE)
    assert "119" in town.texts[0]


async def test_mere_talk_in_the_words_of_danger_is_met_with_silence():
    town = Town(READ)
    await town.say("张阿姨", JOKE)
    assert town.texts == []
    assert await town.cases() == []


@pytest.mark.parametrize(("chatter", "warned"), [(0.74, True), (0.76, False)])
async def test_how_sure_the_nlu_must_be_is_a_policy(chatter, warned):
    town = Town({JOKE: means(Intent.CHATTER, confidence=chatter)})
    await town.say("张阿姨", JOKE)
    assert bool(town.texts) is warned
    strict = Town({JOKE: means(Intent.CHATTER, confidence=chatter)}, policy=Policy(calm=1.0))
    await strict.say("张阿姨", JOKE)
    assert strict.texts


async def test_while_the_nlu_is_away_the_words_alone_count():
    town = Town(READ)
    town.nlu.down = True
    message = replace(await heard(town, JOKE))
    assert await town.flow._alarms.raised(message)
    await town.carrier.once()
    await town.carrier.drain()
    assert "110" in town.texts[0]


async def test_nobody_in_danger_waits_for_an_nlu_that_hangs():
    class Hangs(MemoryNlu):
        async def parse(self, text, context=(), reply_to=None, role=None):
            self.read.append(text)
            await asyncio.sleep(60 * alarms.NLU_MAY_TAKE_SECONDS)
            raise Unreachable("too late")

    town = Town(READ)
    town.house.nlu = Hangs(READ)
    assert await town.flow._alarms.raised(await heard(town, JOKE))
    assert town.house.nlu.read == [JOKE]


async def heard(town, text):
    """A message as the flow gets it, without being read."""
    other = Town()
    await other.say("张阿姨", text)
    return replace(other.chat.heard["u2"], at=town.clock.now())
