"""Digests: when a group is told of its day, and those who oversee it of the day before; once, or not at all.

Each digest is a due order with its group (or person) and day in its key. The next one is ordered when a case moves,
and when one is taken up while cases are open: so a group in which nothing happens costs nothing. Its day is noted down
with the order, so what is over is not ordered again. Whoever is about to say it notes that down first: another process
leaves it alone, and what was cut off in the middle is left out rather than said twice.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid4

import structlog

from actions import facts as f
from actions import orders as o
from actions.case import Case
from actions.confidentiality import Audience
from actions.course import Course
from actions.daily import Begun
from actions.digest import day_of
from actions.errors import Refused
from actions.ledger import Change, Due, Stale
from actions.manners import Manners, is_quiet
from actions.policy import Policy
from actions.post import Post
from actions.talk import Occasion, Talk, Waiting
from bot.accounts import Accounts
from bot.digest_words import account_words, day_words
from bot.house import House
from bot.phrases import gettext

log = structlog.get_logger("digests")
_DAY = timedelta(days=1)
CUT_OFF = timedelta(minutes=10)
"""What another process began so long ago, and did not finish, is left out."""
GATHERED = timedelta(minutes=1)
"""So long all groups of a person have to call, before their digest is made."""
_NAMED = 3
_BREATH = 200
"""After so many groups others have their turn."""

Daily = o.ShowDigest | o.CallDigests | o.SendDigest


class Digests:
    """Orders digests, says whether they may be carried out, and carries them out."""

    def __init__(self, house: House) -> None:
        self._house, self._state = house, house.state
        self._process = uuid4().hex
        self._accounts = Accounts(house)
        self._wards: dict[str, set[str]] = {}
        self._wards_until: datetime | None = None

    # --- when the next one is ------------------------------------------------------------------------------

    def followed(self, change: Change) -> Change:
        """The change, with the group's next digests where a case of it has moved, unless they are ordered already."""
        moved = [one.case for one in change.moved if not one.case.doubtful]
        if not moved or all(case.group == case.reporter for case in moved):
            return change  # in their own chat a person sees the card, and needs no summary
        talk, orders = self._next(change.talk)
        return replace(change, talk=talk, orders=(*change.orders, *orders))

    def _next(self, talk: Talk) -> tuple[Talk, tuple[Due, ...]]:
        """The memory and the orders of the group's next digests, without those that were ordered before."""
        group, policy, marks, dues = talk.group, self._policy(talk.group), talk.digests, []
        if policy.digest_at and not talk.left:
            day = self._next_day(policy.digest_at, policy)
            if _is_later(day, marks.shown):
                shown = o.ShowDigest(key=f"{group}:digest:{day}", group=group, day=day)
                dues.append(Due(shown, group, _moment(day, policy.digest_at, policy)))
                marks = replace(marks, shown=day)
        if policy.supervisor_digest_at and (policy.worker_digest or self._house.grids.overseers_of(group)):
            day = self._next_day(policy.supervisor_digest_at, policy)
            if _is_later(day, marks.called):
                called = o.CallDigests(key=f"{group}:call:{day}", group=group, day=day)
                dues.append(Due(called, group, _moment(day, policy.supervisor_digest_at, policy)))
                marks = replace(marks, called=day)
        return replace(talk, digests=marks), tuple(dues)

    def _next_day(self, at: time, policy: Policy) -> date:
        now = self._house.clock.now()
        today = now.astimezone(policy.zone).date()
        return today if _moment(today, at, policy) > now else today + _DAY

    def _policy(self, group: str) -> Policy:
        return self._house.grids.policy_of(group)

    # --- whether it may be carried out now -------------------------------------------------------------------

    async def granted(self, due: Due) -> Due | None:
        """The order, where it may be carried out now; None where it was kept for later or left out.

        Raises `Stale` where the group was changed meanwhile: ask again.
        """
        order, policy, now = due.order, self._policy(due.group), self._house.clock.now()
        talk = await self._state.talk(due.group)
        if not isinstance(order, o.SendDigest):
            talk = await self._carry_on(talk)
        day, at = _hour_of(order, policy)
        if at is None or now >= _moment(day + _DAY, time(), policy):
            return await self._leave(due, talk)
        if now < (ready := _moment(day, at, policy)):
            return await self._keep(due, ready, talk)
        if isinstance(order, o.CallDigests) or talk.left:  # in a group that put us out the hands put it away
            return due
        if isinstance(order, o.ShowDigest) and not Manners(talk, policy, now).within_share:
            return await self._wait(due, _moment(day + _DAY, time(), policy), talk)
        return await self._begin(due, talk, now)

    async def _carry_on(self, talk: Talk) -> Talk:
        """While something is open in the group, there is a digest after this one."""
        new, orders = self._next(talk)
        if not orders or not any(not one.doubtful for one in await self._state.cases(talk.group, live=True)):
            return talk
        await self._state.save(Change(talk=new, orders=orders))
        return await self._state.talk(talk.group)

    async def _begin(self, due: Due, talk: Talk, now: datetime) -> Due | None:
        begun = talk.digests.begun
        if begun and begun.order == due.order.key and begun.by != self._process:
            over = now >= begun.at + CUT_OFF
            return await self._leave(due, talk) if over else await self._keep(due, begun.at + CUT_OFF, talk)
        mine = replace(talk.digests, begun=Begun(due.order.key, self._process, now))
        await self._state.save(Change(talk=replace(talk.waits_no_more(due.order.key), digests=mine)))
        return due

    async def _wait(self, due: Due, until: datetime, talk: Talk) -> Due | None:
        """We have said enough today: it comes when somebody speaks, before the day is over."""
        waits = talk.waits(Waiting(due.order.key, "", Occasion.TALK, until))
        return await self._keep(due, until, waits)

    async def _keep(self, due: Due, until: datetime, talk: Talk) -> Due | None:
        kept = replace(due, at=until, tries=0, first_tried_at=None, answers="")
        await self._state.save(Change(talk=talk, orders=(kept,)))
        return None

    async def _leave(self, due: Due, talk: Talk) -> Due | None:
        log.info("left_out", group=due.group, order=due.order.key)
        await self._state.save(Change(talk=talk.waits_no_more(due.order.key), done=due.order.key))
        return None

    # --- in the group ------------------------------------------------------------------------------------

    async def carry_out(self, order: Daily) -> f.Posted | None:
        """Do it; what was posted, if anything. Raises `Unreachable`, and `Refused` where the group is none of ours."""
        match order:
            case o.ShowDigest():
                return await self._show(order)
            case o.CallDigests():
                await self._call(order)
            case o.SendDigest():
                await self._send(order)
        return None

    async def _show(self, order: o.ShowDigest) -> f.Posted | None:
        group, policy, now = order.group, self._policy(order.group), self._house.clock.now()
        if policy.digest_at is None:
            return None
        since, until = (_moment(day, policy.digest_at, policy) for day in (order.day - _DAY, order.day))
        day = day_of(await self._known(group, since), since, until)
        if day.uneventful:
            return None
        writer = self._house.grids.writer_of(group).to(Audience.GROUP)
        text = day_words(day, policy.digest_at, writer)
        post = Post(group, text, order.key, silent=is_quiet(policy, now))
        return f.Posted(at=now, what="digest", post=await self._house.chat(group).post(post))

    async def _known(self, group: str, since: datetime) -> list[tuple[Case, Course]]:
        """The group's cases that are open or have moved since, each with its course."""
        found = [*await self._state.cases(group), *await self._state.cases(group, live=True)]
        known = []
        for case in {case.id: case for case in found if case.live or case.changed_at >= since}.values():
            course = await self._house.reports.course(case)
            if course:
                known.append((case, course))
        return known

    # --- to each alone -------------------------------------------------------------------------------------

    async def _call(self, order: o.CallDigests) -> None:
        for person in self._house.grids.overseers_of(order.group):
            await self._order(person, order.day)
        if not self._policy(order.group).worker_digest:
            return
        named = self._house.grids.named_workers(order.group) is not None
        try:
            workers = await self._house.workers(order.group)
        except Refused as reason:  # put out of the group, for example: the platform names nobody
            log.info("nobody_named", group=order.group, reason=str(reason))
            return
        for person, _ in workers:
            await self._order(person, order.day, () if named else (order.group,))

    async def _order(self, person: str, day: date, groups: Iterable[str] = ()) -> None:
        """Order the digest of a person, once a day; `groups` are added to it as long as it waits."""
        if person.partition(":")[0] not in self._house.chats:
            return
        key, at = f"{person}:digests:{day}", self._house.clock.now() + GATHERED
        while True:
            talk = await self._state.talk(person)
            waits = await self._state.order(key, person)
            known = waits.order.groups if waits and isinstance(waits.order, o.SendDigest) else ()
            if not (_is_later(day, talk.digests.sent) or (waits and {*groups} - {*known})):
                return
            order = o.SendDigest(key=key, to=person, day=day, groups=tuple(dict.fromkeys((*known, *groups))))
            due = replace(waits, order=order) if waits else Due(order, person, at)
            talk = replace(talk, digests=replace(talk.digests, sent=day))
            try:
                await self._state.save(Change(talk=talk, orders=(due,)))
            except Stale:
                continue
            return

    async def _send(self, order: o.SendDigest) -> None:
        groups = {*await self._groups_of(order.to), *order.groups}
        if not groups:
            return  # somebody else oversees them since
        account = await self._accounts.account(groups, order.day - _DAY)
        if account.uneventful:
            return
        lang = self._house.grids.writer_of(order.to).lang
        text = account_words(account, await self._name(order.to, groups, lang), order.day - _DAY, lang)
        silent = is_quiet(self._policy(order.to), self._house.clock.now())
        try:
            chat = self._house.chat(order.to)
            await chat.whisper(order.to, text, order.key, silent=silent)
        except Refused as reason:  # who never wrote to the bot cannot be written to
            log.info("not_reached", what=type(order).__name__, reason=type(reason).__name__)

    async def _groups_of(self, person: str) -> set[str]:
        """The groups that a person oversees, or is named for as a worker where workers have digests too."""
        now = self._house.clock.now()
        if self._wards_until is None or now >= self._wards_until:
            self._wards, self._wards_until = await self._look(), now + GATHERED
        return self._wards.get(person, set())

    async def _look(self) -> dict[str, set[str]]:
        """Who has which groups: looked up once for all digests of a morning's minute."""
        wards: dict[str, set[str]] = {}
        for n, group in enumerate(await self._state.groups()):
            people = {*self._house.grids.overseers_of(group)}
            if self._policy(group).worker_digest:
                people |= self._house.grids.worker_ids(group) or set()
            for person in people:
                wards.setdefault(person, set()).add(group)
            if n % _BREATH == _BREATH - 1:
                await asyncio.sleep(0)
        return wards

    async def _name(self, person: str, groups: set[str], lang: str) -> str:
        """What they oversee, by its name, or by the number of its grids where that is long."""
        areas = self._house.grids.hierarchy.areas
        names = [area.name for area in areas if person in dict(area.supervisors)]
        if not names:
            grids = {self._house.grids.grid_of(group)[0] or group for group in groups}
            names = sorted((await self._house.reports.names(grids)).values())
        many = gettext(lang)("{n} grids").format(n=len(names))
        return " · ".join(names) if len(names) <= _NAMED else many


def _hour_of(order: o.Order, policy: Policy) -> tuple[date, time | None]:
    """The day of a digest, and the hour of it from which on it may come; None where there is none any more."""
    match order:
        case o.ShowDigest():
            return order.day, policy.digest_at
        case o.CallDigests():
            return order.day, policy.supervisor_digest_at
        case o.SendDigest():
            return order.day, time()
    raise Refused(f"{type(order).__name__} is no digest")


def _moment(day: date, at: time, policy: Policy) -> datetime:
    """When the clocks on the wall show that."""
    return datetime.combine(day, at, policy.zone).astimezone(UTC)


def _is_later(day: date, last: date | None) -> bool:
    return last is None or day > last
