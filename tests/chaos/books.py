"""Fills in the account of a city: out of Redis, the backend and Telegram, when everything has come to rest."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from actions import facts as f
from actions.advance import rebuild
from actions.case import Case, IllegalMove
from connectors.redis_state import RedisState
from tests.chaos.account import Account, Kept, Sentence
from tests.chaos.city import City
from tests.chaos.telegram import Sent
from tests.running import LINLI

_NUMBER = re.compile(r"#(\d+) ")
_ON_ITS_WAY = 1.0  # seconds that an answer takes, at most; one that is cut off then is lost
_SPEAKS_EVERY = 10.0  # seconds
_STILL = 4.0
"""Seconds for which nothing may change before the city counts as being at rest."""


@asynccontextmanager
async def _state(city: City) -> AsyncIterator[RedisState]:
    state = RedisState.at(city.redis.own_url)
    try:
        yield state
    finally:
        await state.stop()


async def at_rest(city: City, seconds: float, say: Callable[[str], None]) -> None:
    """Wait until the account is right, or cannot become so, and nothing moves any more; or the time is over."""
    until, still, before = time.monotonic() + seconds, time.monotonic(), -1
    spoke = time.monotonic()
    while True:
        async with _state(city) as state:
            account = await books(city, state)
        found = [one for one in account.findings() if not one.is_final]
        size = len(account.sentences) + sum(len(case.posts) for case in account.cases)
        if size != before or found:
            before, still = size, time.monotonic()
        if (
            found and time.monotonic() - spoke > _SPEAKS_EVERY
        ):  # the bot waits for that before some of what it has to say
            spoke = time.monotonic()
            say(f"not at rest yet: {found[0]}" + (f", and {len(found) - 1} more" if found[1:] else ""))
            city.chat({one.group for one in found})
        if time.monotonic() - still > _STILL or time.monotonic() > until:
            return
        await asyncio.sleep(1)


async def account_of(city: City) -> Account:
    """The account as it stands, with the chains of its traces."""
    async with _state(city) as state:
        account = await books(city, state)
    account.chains = await chains(city)
    return account


async def books(city: City, state: RedisState) -> Account:
    """All that is known of the city."""
    account = Account(said=list(city.said), told=city.backend.told, wants_closed=list(city.wants_closed))
    for group in city.groups:
        for case in await state.cases(group.ref, every=True):
            account.cases.append(await _kept(state, case))
        talk = await state.talk(group.ref)
        account.read[group.ref] = sum(day.read for day in talk.days)
    account.tickets = [(ticket.id, ticket.ref) for ticket in city.backend.tickets]
    account.dead = [(letter.group, letter.reason, _plain(letter.body)) for letter in await state.dead(1000)]
    account.waiting = (await state.depth())["inbox"]
    account.sentences = [_sentence(city, one) for one in city.telegram.sent]
    account.gone = [(at, f"{unit.name}#{life}") for unit in city.units.values() for at, life in unit.gone]
    return account


def _plain(body: str) -> str:
    """A raw update with its words as people see them."""
    try:
        return json.dumps(json.loads(body), ensure_ascii=False)
    except ValueError:
        return body


async def _kept(state: RedisState, case: Case) -> Kept:
    facts = await state.trace(case.id)
    posts = tuple({(fact.what, fact.post) for fact in facts if isinstance(fact, f.Posted)})
    return Kept(
        case.group,
        case.id,
        case.number,
        str(case.stage),
        case.place,
        tuple(message for message, what in case.messages if what == "report"),
        case.ticket,
        posts,
        _replays(facts, case),
    )


def _replays(facts: list[f.Fact], case: Case) -> bool:
    try:
        return rebuild(facts) == case
    except IllegalMove:
        return False


def _sentence(city: City, sent: Sent) -> Sentence:
    number = _NUMBER.search(sent.text)
    cuts = city.links["telegram"].cuts
    lost = sent.lost or any(held - _ON_ITS_WAY < sent.at <= cut for held, cut in cuts)
    return Sentence(
        sent.group, str(sent.id), sent.text, sent.by, sent.at, lost, int(number[1]) if number else None
    )


async def chains(city: City) -> str:
    """What `linli trace verify` says is wrong; nothing where all is sound."""
    env = city.env | {"LINLI_REDIS_URL": city.redis.own_url}
    asked = await asyncio.create_subprocess_exec(
        LINLI, "trace", "verify", env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await asked.communicate()
    return "" if asked.returncode == 0 and b"sound" in said else said.decode()
