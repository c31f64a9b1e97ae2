"""The names of the reasons for which units give tickets back, and workers cases, as people read them."""

from actions.giving_back import GiveBack, given_back
from actions.returns import Reason, read
from bot.phrases import gettext


def name_of_reason(reason: Reason, lang: str) -> str:
    """What a reason is called."""
    _ = gettext(lang)
    return {
        Reason.NOT_OURS: _("not this unit's responsibility"),
        Reason.WRONG_PLACE: _("outside the unit's area"),
        Reason.DUPLICATE: _("duplicate"),
        Reason.NEEDS_INFORMATION: _("information is missing"),
        Reason.CANNOT_VERIFY: _("not found on the spot"),
        Reason.NEEDS_OTHER_UNIT: _("another unit has to act first"),
        Reason.NO_POWER: _("no power to enforce"),
        Reason.OTHER: _("other reason"),
    }[reason]


def named(note: str, lang: str) -> str:
    """A note with the name of its reason in the place of the mark; one without a mark stays as it is."""
    if back := given_back(note):
        return name_of_giving_back(back, lang)
    if not note.startswith("[reason:"):
        return note
    _, (reason, words) = gettext(lang), read(note)
    name = name_of_reason(reason or Reason.OTHER, lang)
    return _("{reason}: {words}").format(reason=name, words=words) if words else name


def name_of_giving_back(reason: GiveBack, lang: str) -> str:
    """What a worker's reason is called."""
    _ = gettext(lang)
    return {
        GiveBack.NO_MEANS: _("cannot be done here"),
        GiveBack.NOT_HERE: _("not in this grid"),
        GiveBack.NEEDS_UNIT: _("a unit has to do it"),
        GiveBack.OTHER: _("other"),
    }[reason]
