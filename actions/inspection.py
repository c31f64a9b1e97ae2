"""Inspection: a worker's picture from the spot is evidence, by a reply to the bot or soon after asking to send one."""

from dataclasses import replace

from actions import facts as f
from actions.advance import allowed
from actions.case import Case
from actions.intake import Understood
from actions.message import Kind, Message, Role

BESIDE = (f.WorkerConfirmed, f.SolvedOnSite, f.PlaceGiven)
"""What the words under the picture may say beside."""


def shows(message: Message) -> bool:
    """Whether it is a worker's picture."""
    kinds = {attachment.kind for attachment in message.attachments}
    return message.role is Role.WORKER and not message.edited and bool(kinds & {Kind.PHOTO, Kind.VIDEO})


def inspected(message: Message) -> f.Inspected:
    """The fact that a worker's picture is."""
    return f.Inspected(
        at=message.at,
        by=message.sender,
        by_name=message.sender_name,
        message=message.id,
        attachments=message.attachments,
        text=message.text,
    )


def evidenced(
    message: Message, understood: Understood, quoted: Case | None, visited: Case | None
) -> Understood:
    """What a message comes to where it is evidence; else what was understood.

    `quoted` is the case that it replies to, `visited` the one of which its sender has said to look at it on the spot:
    a picture without a reply is for that one, unless words under it are clearly about another.
    """
    if not shows(message):
        return understood
    replied = quoted if quoted and _answers_us(message, quoted) else None
    if replied is None and (message.reply_to or _is_about_another(message, understood, visited)):
        return understood
    case = replied or visited
    if case is None or case.private or not allowed(case, f.Inspected):
        return understood
    same = understood.case is not None and understood.case.id == case.id
    beside = tuple(fact for fact in understood.facts if same and isinstance(fact, BESIDE))
    return replace(understood, facts=(inspected(message), *beside), case=case, doubtful=False)


def _answers_us(message: Message, case: Case) -> bool:
    """A reply to what the bot said of the case, not to what people said of it."""
    return all(known != message.reply_to for known, _ in case.messages)


def _is_about_another(message: Message, understood: Understood, case: Case | None) -> bool:
    if case is None or not message.text.strip() or understood.silent or understood.doubtful:
        return False
    return understood.case is None or understood.case.id != case.id
