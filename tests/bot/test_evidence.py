"""Evidence: a link opens one file, for as many days as it is kept."""

from datetime import timedelta

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from actions.message import Attachment, Kind
from bot.evidence import PATH, Evidence
from connectors.memory_chat import MemoryChat

PHOTO = Attachment(Kind.PHOTO, "photo-1", "image/jpeg")
DAY = 24 * 3600


class Album(MemoryChat):
    async def fetch(self, attachment: Attachment) -> bytes:
        return attachment.ref.encode()


class Time:
    def __init__(self) -> None:
        self.now = 1_000_000_000.0

    def __call__(self) -> float:
        return self.now


async def opened(evidence: Evidence, link: str) -> int:
    app = web.Application()
    app.add_routes([web.get(f"{PATH}{{token}}", evidence.handle)])
    async with TestClient(TestServer(app)) as client, client.get(link) as answer:
        return answer.status


def made(time: Time, days: float) -> Evidence:
    return Evidence("secret", "", {"memory": Album()}, timedelta(days=days), time)


async def test_a_link_ends_with_its_days():
    time = Time()
    evidence = made(time, 30)
    (link,) = evidence.links("memory:demo", (PHOTO,))
    time.now += 30 * DAY
    assert await opened(evidence, link) == 200
    time.now += 2 * DAY
    assert await opened(evidence, link) == 404


async def test_without_days_a_link_is_good_for_ever():
    time = Time()
    evidence = made(time, 0)
    (link,) = evidence.links("memory:demo", (PHOTO,))
    time.now += 9999 * DAY
    assert await opened(evidence, link) == 200


async def test_a_link_is_the_same_all_day():
    time = Time()
    time.now -= time.now % DAY
    evidence = made(time, 30)
    first = evidence.links("memory:demo", (PHOTO,))
    time.now += DAY - 1
    assert evidence.links("memory:demo", (PHOTO,)) == first


async def test_a_link_that_was_changed_opens_nothing():
    evidence = made(Time(), 30)
    (link,) = evidence.links("memory:demo", (PHOTO,))
    assert await opened(evidence, link[:-1] + ("a" if link[-1] != "a" else "b")) == 404
