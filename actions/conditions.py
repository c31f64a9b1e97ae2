"""Conditions of the moves: what has to hold for a row of the table. Their docstrings stand in docs/case.md."""

from actions import facts as f
from actions.answers import outcome
from actions.case import TAKEN_BACK_WITHIN, Case
from actions.verdicts import Answer


def doubtful(_: Case, fact: f.Fact) -> bool:
    """Not even the report is sure to be one."""
    return isinstance(fact, f.Reported) and fact.doubtful


def no_place(case: Case, fact: f.Fact) -> bool:
    """Nobody has said where it is."""
    told_now = getattr(fact, "place", "") or getattr(fact, "point", None)
    return not case.place and case.point is None and not told_now


def files_itself(case: Case, _: f.Fact) -> bool:
    """Sure enough, and the grid's policy is to file at once."""
    return case.sure and case.files_at_once


def may_file_itself(case: Case, _: f.Fact) -> bool:
    """The grid's policy is to file at once."""
    return case.files_at_once


def sure(case: Case, _: f.Fact) -> bool:
    """Sure enough to be filed when no worker answers; a private one always, since nobody else would see it."""
    return case.sure or case.private


def reminded(case: Case, _: f.Fact) -> bool:
    """The one reminder has been given."""
    return case.reminders > 0


def has_ticket(case: Case, _: f.Fact) -> bool:
    """Dispatch has it already."""
    return case.ticket is not None


def reminded_and_sure(case: Case, fact: f.Fact) -> bool:
    """The one reminder has been given, and it is sure enough to be filed without a worker."""
    return reminded(case, fact) and sure(case, fact)


def reminded_with_ticket(case: Case, fact: f.Fact) -> bool:
    """The one reminder has been given, and dispatch has it already."""
    return reminded(case, fact) and has_ticket(case, fact)


def worker_agreed(case: Case, _: f.Fact) -> bool:
    """The worker's key was turned before the case lapsed."""
    return bool(case.worker_key)


def worker_agreed_with_ticket(case: Case, fact: f.Fact) -> bool:
    """The worker's key was turned before the case lapsed, and dispatch has it already."""
    return worker_agreed(case, fact) and has_ticket(case, fact)


def follows(case: Case, _: f.Fact) -> bool:
    """It follows the ticket of another group"""
    return bool(case.leader)


def disputed_with_ticket(case: Case, fact: f.Fact) -> bool:
    """The other group says that it is not fixed, and this case follows the ticket"""
    return isinstance(fact, f.SentBack) and fact.disputed and has_ticket(case, fact)


def first_delay(case: Case, _: f.Fact) -> bool:
    """The card does not yet say that dispatch cannot be reached."""
    return not case.delayed


def unsure_till_now(case: Case, _: f.Fact) -> bool:
    """It waited only because the bot was not sure what it is, and the grid's policy is to file at once."""
    return not case.sure and case.files_at_once and not no_place(case, _)


def the_same_day(case: Case, fact: f.Fact) -> bool:
    """Not longer than a day after it was withdrawn."""
    return fact.at - case.changed_at <= TAKEN_BACK_WITHIN


def the_same_day_with_ticket(case: Case, fact: f.Fact) -> bool:
    """Not longer than a day after it was withdrawn, and dispatch has it already."""
    return the_same_day(case, fact) and has_ticket(case, fact)


def the_same_day_and_files_itself(case: Case, fact: f.Fact) -> bool:
    """Not longer than a day after it was withdrawn, its place known, sure, and the policy is to file at once."""
    return the_same_day(case, fact) and files_itself(case, fact) and not no_place(case, fact)


def is_key_question(_: Case, fact: f.Fact) -> bool:
    """The post is the question to the worker."""
    return isinstance(fact, f.Posted) and fact.what == "worker_key"


def is_key_whisper(_: Case, fact: f.Fact) -> bool:
    """The question to the worker was asked in private."""
    return isinstance(fact, f.Whispered) and fact.what == "worker_key"


def reached_again(case: Case, fact: f.Fact) -> bool:
    """There was no line to that chat before"""
    return isinstance(fact, f.Whispered) and fact.to in case.unreached


def is_residents_question(_: Case, fact: f.Fact) -> bool:
    """The post is the question to the residents."""
    return isinstance(fact, f.Posted) and fact.what == "residents_key"


def fixed(case: Case, fact: f.Fact) -> bool:
    """The residents' answers come to: it is fixed"""
    return outcome(case, fact) is Answer.FIXED


def fixed_with_ticket(case: Case, fact: f.Fact) -> bool:
    """The residents' answers come to: it is fixed, and dispatch has it"""
    return fixed(case, fact) and has_ticket(case, fact)


def half_fixed(case: Case, fact: f.Fact) -> bool:
    """The residents' answers come to: it is fixed in part"""
    return outcome(case, fact) is Answer.HALF


def half_fixed_with_ticket(case: Case, fact: f.Fact) -> bool:
    """The residents' answers come to: it is fixed in part, and dispatch has it"""
    return half_fixed(case, fact) and has_ticket(case, fact)


def not_fixed(case: Case, fact: f.Fact) -> bool:
    """The residents' answers come to: it is not fixed"""
    return outcome(case, fact) is Answer.NOT_FIXED


def not_fixed_with_ticket(case: Case, fact: f.Fact) -> bool:
    """The residents' answers come to: it is not fixed, and dispatch has it"""
    return not_fixed(case, fact) and has_ticket(case, fact)


def lacks_photo(case: Case, _: f.Fact) -> bool:
    """The grid wants a photo, and none was shown"""
    return case.lacks_photo


def without_reason(_: Case, fact: f.Fact) -> bool:
    """The unit says not why: that does not count as giving it back"""
    return isinstance(fact, f.TicketReturned) and not fact.reason


def ruled(_: Case, fact: f.Fact) -> bool:
    """It was given back before, and there is a level above to rule on it"""
    return getattr(fact, "ruling", None) is not None


def goes_up(_: Case, fact: f.Fact) -> bool:
    """There is a level above"""
    return isinstance(fact, f.Raised) and fact.assignment is not None


def goes_up_with_ticket(case: Case, fact: f.Fact) -> bool:
    """There is a level above, and dispatch has it already"""
    return goes_up(case, fact) and has_ticket(case, fact)
