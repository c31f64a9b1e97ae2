"""The rules of `bot.ports.Dispatch`, held against the list in memory and against the real desk by Open311."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
import pytest_asyncio

from actions.errors import Refused, Unreachable
from actions.facts import TicketReturned
from actions.returns import Reason, marked, read
from connectors.desk.store import list_tickets, set_status
from connectors.dispatch import Filing, Open311Dispatch
from connectors.memory_dispatch import MemoryDispatch
from connectors.open311 import ServiceRequestUpdate
from connectors.tickets import news_of, raw_news
from tests.desk import RunningDesk, running_desk

HOUR_AGO = datetime.now(UTC) - timedelta(hours=1)
NUMBERS = count(1)


class InMemory:
    """The list, and a dispatcher who writes into it."""

    def __init__(self) -> None:
        self.dispatch = MemoryDispatch()

    async def moves(self, ticket: str, status: str, note: str = "", reason: str = "") -> None:
        number = len(self.dispatch.news) + 1
        at = datetime.now(UTC)
        note = marked(Reason(reason), note) if reason else note
        self.dispatch.news.append(ServiceRequestUpdate(f"n{number}", ticket, status, status, at, note))

    async def taken_in(self, ticket: str) -> str:
        return self.dispatch.filed[int(ticket) - 1].description

    async def unit_of(self, ticket: str) -> str:
        return self.dispatch.filed[int(ticket) - 1].unit

    async def falls_silent(self) -> None:
        self.dispatch.down = True


class AtTheDesk:
    """The desk as a process of its own, and a dispatcher at its page."""

    def __init__(self, desk: RunningDesk, dispatch: Open311Dispatch) -> None:
        self._desk, self.dispatch = desk, dispatch

    async def moves(self, ticket: str, status: str, note: str = "", reason: str = "") -> None:
        await asyncio.to_thread(set_status, self._desk.home, ticket, status, note, reason)

    async def taken_in(self, ticket: str) -> str:
        tickets = await asyncio.to_thread(list_tickets, self._desk.home)
        return next(one["description"] for one in tickets if str(one["id"]) == ticket)

    async def unit_of(self, ticket: str) -> str:
        return (await self.dispatch.ticket(ticket)).agency

    async def falls_silent(self) -> None:
        await self.dispatch.close()
        self.dispatch = Open311Dispatch("http://127.0.0.1:9/open311/v2", "k", timeout=2)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory) -> AsyncIterator[RunningDesk]:
    async with running_desk(tmp_path_factory.mktemp("desk")) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module", params=["memory", "desk"])
async def office(request, desk) -> AsyncIterator[InMemory | AtTheDesk]:
    if request.param == "memory":
        yield InMemory()
        return
    office = AtTheDesk(desk, Open311Dispatch(desk.api, desk.key))
    yield office
    await office.dispatch.close()


def a_filing() -> Filing:
    return Filing(f"memory:g:{next(NUMBERS)}", "housing.elevator", "3号楼电梯又坏了", "3号楼", 34.79, 114.3)


@pytest.mark.asyncio(loop_scope="module")
class TestDispatch:
    """What holds whoever takes the tickets."""

    async def test_a_filed_ticket_has_an_id_and_our_words(self, office):
        ticket = await office.dispatch.file(a_filing())
        assert "3号楼电梯又坏了" in await office.taken_in(ticket)

    async def test_every_filing_is_a_ticket_of_its_own(self, office):
        assert len({await office.dispatch.file(a_filing()) for _ in range(3)}) == 3

    async def test_a_ticket_is_found_by_our_reference_and_by_no_other(self, office):
        filing = a_filing()
        assert await office.dispatch.find(filing.ref, HOUR_AGO) is None
        ticket = await office.dispatch.file(filing)
        await office.dispatch.file(a_filing())
        assert await office.dispatch.find(filing.ref, HOUR_AGO) == ticket
        assert await office.dispatch.find(f"{filing.ref}0", HOUR_AGO) is None

    async def test_what_happens_to_a_ticket_is_told_in_order(self, office):
        ticket = await office.dispatch.file(a_filing())
        for status, note in (("accepted", ""), ("in_progress", "师傅在路上"), ("fixed", "已更换门机")):
            await office.moves(ticket, status, note)
        news = [one for one in await office.dispatch.updates(HOUR_AGO) if one.request_id == ticket]
        assert [one.status for one in news] == ["accepted", "in_progress", "fixed"]
        assert "已更换门机" in news[-1].text

    @pytest.mark.parametrize(
        ("reason", "note", "said"),
        [
            (reason.value, note, (reason.value, note))
            for reason in Reason
            for note in ("", "应由街道牵头", "重复：见昨天的单")
            if note or reason is not Reason.OTHER
        ]
        + [
            ("", "不归我们管", ("other", "不归我们管")),
            ("", "信息不全：哪一栋？", ("needs_information", "哪一栋？")),
        ],
    )
    async def test_a_return_is_told_with_its_reason(self, office, reason, note, said):
        ticket = await office.dispatch.file(a_filing())
        await office.moves(ticket, "returned", note, reason)
        (told,) = [one for one in await office.dispatch.updates(HOUR_AGO) if one.request_id == ticket]
        fact = news_of({"case": "c", **raw_news(told)}, HOUR_AGO)
        assert isinstance(fact, TicketReturned)
        code, words = read(fact.note)
        assert (fact.reason, code, words) == (said[0], Reason(said[0]) if fact.note else None, said[1])

    async def test_who_answers_for_it_and_by_when_is_in_the_ticket_and_not_taken_for_words(self, office):
        filing = replace(
            a_filing(), unit="市政养护", level="street", resolve_by=HOUR_AGO, list_version="2026.1"
        )
        ticket = await office.dispatch.file(filing)
        assert await office.dispatch.find(filing.ref, HOUR_AGO) == ticket
        assert "3号楼电梯又坏了" in await office.taken_in(ticket)
        assert await office.unit_of(ticket) == "市政养护"

    async def test_the_same_news_keeps_its_id(self, office):
        ticket = await office.dispatch.file(a_filing())
        await office.moves(ticket, "accepted")
        await office.moves(ticket, "fixed")
        told = [
            [one.id for one in await office.dispatch.updates(HOUR_AGO) if one.request_id == ticket]
            for _ in "ab"
        ]
        assert told[0] == told[1]
        assert len(set(told[0])) == 2

    async def test_what_we_told_is_no_news_to_us(self, office):
        ticket = await office.dispatch.file(a_filing())
        await office.dispatch.post_update(ticket, "closed", "居民确认", "c:1:0")
        assert [one for one in await office.dispatch.updates(HOUR_AGO) if one.request_id == ticket] == []

    async def test_an_update_of_ours_is_found_on_its_ticket_only(self, office):
        ticket, other = [await office.dispatch.file(a_filing()) for _ in "ab"]
        assert await office.dispatch.find_update(ticket, "c:2:0", HOUR_AGO) is None
        update = await office.dispatch.post_update(ticket, "received", "还没修好", "c:2:0")
        assert update
        assert await office.dispatch.find_update(ticket, "c:2:0", HOUR_AGO) is not None
        assert await office.dispatch.find_update(other, "c:2:0", HOUR_AGO) is None
        assert await office.dispatch.find_update(ticket, "c:2:1", HOUR_AGO) is None

    async def test_a_ticket_that_is_not_there_cannot_be_told_anything(self, office):
        with pytest.raises(Refused):
            await office.dispatch.post_update("999999", "received", "?", "c:3:0")

    async def test_an_office_that_is_silent_is_unreachable(self, office):
        await office.falls_silent()
        dispatch = office.dispatch
        for call in (
            dispatch.file(a_filing()),
            dispatch.find("memory:g:1", HOUR_AGO),
            dispatch.updates(HOUR_AGO),
            dispatch.find_update("1", "c:4:0", HOUR_AGO),
            dispatch.post_update("1", "received", "", "c:4:0"),
        ):
            with pytest.raises(Unreachable):
                await call
