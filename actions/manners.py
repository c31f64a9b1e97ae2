"""Manners: whether a sentence is said into the group now, later, at the next occasion, or not at all.

A group's chat belongs to its people. Theory, in five sentences:

1. Between two messages of the bot a person has written or pressed something; what would come second waits for
   that, or stands on the card, whose edits disturb nobody. A first card answers a message of its own.
2. Of all that is said in the group, the bot's part stays within `Policy.share`, counted over the last day
   or the last hundred messages, whichever are more; `Policy.share_floor` messages a day are allowed anyhow. The digest of
   the day comes within it, though nobody has spoken since our last word; else it waits for that.
3. In quiet hours what answers a report, and what calls for an answer, comes without a sound; all else waits for
   the morning.
4. A report that is not whole is answered after a pause, in which people add what is missing.
5. Warnings, emergencies and answers to commands are above all this; the card of an emergency takes the
   place of its warning.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from actions import orders as o
from actions.case import Case, Stage
from actions.orders import Sentence
from actions.policy import Policy
from actions.reading import Urgency
from actions.talk import Hour, Occasion, Talk

DAY = timedelta(days=1)
ANSWERED_WITHIN = timedelta(minutes=1)
"""Reports that come in one burst each get their card, although the cards then stand one under the other."""


class Weight(StrEnum):
    """How important a sentence is, which is also what becomes of it when it may not be said now."""

    ALWAYS = "always"
    ANSWER = "answer"
    CARD = "card"
    CALL = "call"
    REMARK = "remark"
    NUDGE = "nudge"
    REMINDER = "reminder"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Say it now; or at `later`; or when somebody speaks (`occasion`); or, with neither, not at all."""

    now: bool = False
    later: datetime | None = None
    occasion: Occasion | None = None


NOW = Verdict(now=True)
NEVER = Verdict()

_OCCASIONS = {Weight.NUDGE: Occasion.CASE, Weight.REMINDER: Occasion.TALK}
_CALLS = (Sentence.RETURNED, Sentence.REFUSED)
_NUDGES = (Sentence.REMIND_WORKER, Sentence.REMIND_WORKER_KEY)


def weight_of(order: o.Order, case: Case | None) -> Weight:
    """How important the sentence of an order is; orders that say nothing are `ALWAYS`."""
    match order:
        case o.ShowCard() if case and case.urgency is not Urgency.EMERGENCY:
            return Weight.ANSWER if order.asked_at and _is_whole(case) else Weight.CARD
        case o.ShowList():
            return Weight.CARD
        case o.AskWorker() | o.AskIfFixed():
            return Weight.CALL
        case o.AskSatisfaction():
            return Weight.REMARK
        case o.Say():
            return _of_sentence(order.sentence)
    return Weight.ALWAYS


def _of_sentence(sentence: Sentence) -> Weight:
    if sentence in _CALLS:
        return Weight.CALL
    if sentence in _NUDGES:
        return Weight.NUDGE
    return Weight.REMINDER if sentence is Sentence.REMIND_RESIDENTS else Weight.REMARK


def _is_whole(case: Case) -> bool:
    return case.stage is not Stage.ASKING_WHERE and case.sure


@dataclass(frozen=True, slots=True)
class Manners:
    """What the verdict rests on. `now` is aware; `policy.zone` says what the clock on the wall shows.

    `urgent`: it is about an emergency, for which nobody waits until morning.
    """

    talk: Talk
    policy: Policy
    now: datetime
    urgent: bool = False

    def weigh(self, weight: Weight, *, since: datetime | None = None, answers: bool = False) -> Verdict:
        """What becomes of a sentence. `since` is when that was said which it answers, or when its case began;
        `answers`: it has waited for an occasion, and this is it.
        """
        if weight is Weight.ALWAYS:
            return NOW
        if weight is Weight.CARD and since and self.now < (ready := since + self.policy.pause):
            return Verdict(later=ready)
        verdict = (
            self._in_time(weight)
            or self._at_an_occasion(weight, answers=answers)
            or self._in_turn(weight, since)
        )
        return NEVER if weight is Weight.REMARK and not verdict.now else verdict

    def _in_time(self, weight: Weight) -> Verdict | None:
        can_wait = weight not in (Weight.ANSWER, Weight.CARD, Weight.CALL) and not self.urgent
        return Verdict(later=self.morning) if can_wait and self.quiet else None

    def _at_an_occasion(self, weight: Weight, *, answers: bool) -> Verdict | None:
        if answers or weight not in _OCCASIONS:
            return None
        return Verdict(occasion=Occasion.TALK if self.urgent else _OCCASIONS[weight])

    def _in_turn(self, weight: Weight, since: datetime | None) -> Verdict:
        spoken = self.somebody_spoke or (weight is Weight.ANSWER and self._just_said(since))
        if spoken and (self.urgent or self.within_share):
            return NOW
        return Verdict(occasion=Occasion.TALK)  # what comes late need not come into the middle of chatter

    def _just_said(self, since: datetime | None) -> bool:
        return since is not None and self.now - since < ANSWERED_WITHIN

    def is_old(self, said_at: datetime | None) -> bool:
        """Whether it was said so long ago that we were away: the group has gone on since."""
        return said_at is not None and self.now - said_at > self.policy.backlog

    @property
    def somebody_spoke(self) -> bool:
        """Whether a person wrote or pressed something since our last word."""
        return self.talk.spoke_at is None or self.talk.since > 0

    @property
    def within_share(self) -> bool:
        """Whether one message more would still be within our part of the talk."""
        heard, said = traffic(self.talk.hours, self.now)
        if said + 1 <= self.policy.share * max(heard, Talk.COUNTED):
            return True
        return traffic(self.talk.hours, self.now, at_least=0)[1] + 1 <= self.policy.share_floor

    @property
    def quiet(self) -> bool:
        """Whether people sleep."""
        return is_quiet(self.policy, self.now)

    @property
    def morning(self) -> datetime:
        """When the quiet hours that we are in, or the next ones, end."""
        return morning_after(self.policy, self.now)


def is_quiet(policy: Policy, now: datetime) -> bool:
    """Whether it is a time at which people sleep."""
    begins, ends = policy.quiet_from, policy.quiet_until
    if begins is None or ends is None:
        return False
    clock = now.astimezone(policy.zone).time()
    return begins <= clock < ends if begins <= ends else clock >= begins or clock < ends


def morning_after(policy: Policy, now: datetime) -> datetime:
    """When the quiet hours that it is in, or the next ones, end."""
    wall, ends = now.astimezone(policy.zone), policy.quiet_until or time()
    morning = wall.replace(hour=ends.hour, minute=ends.minute, second=0, microsecond=0)
    return morning if morning > wall else morning + DAY


def traffic(hours: Sequence[Hour], now: datetime, at_least: int = Talk.COUNTED) -> tuple[int, int]:
    """How much was heard and said in the last day or the last hundred messages (`at_least`), whichever are more."""
    day_ago = int((now - DAY).timestamp()) // 3600
    heard = said = 0
    for hour in reversed(hours):
        if hour.at <= day_ago and heard >= at_least:
            break
        heard, said = heard + hour.heard, said + hour.said
    return heard, said
