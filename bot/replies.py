"""Replies: the words of answers to commands, greetings and presses, and of what dispatch is told."""

import re
from collections.abc import Mapping

from actions.case import Case
from actions.orders import News
from bot.phrases import gettext
from bot.roles import name_of_unit


def reply(what: str, args: Mapping[str, str], lang: str) -> str:
    """The words of a `Reply`. Raises KeyError for a reply that there is none of."""
    _ = gettext(lang)
    texts = {
        "help": _(
            "I listen here and pass problems on. Just say what is wrong and where, for example: the lift in "
            "building 3 is broken again.\n"
            "/cases — what is open here\n/mine — what is yours\n/today — today in figures\n/case 3 — one case\n"
            "/withdraw 3 — take your report back\n"
            "Grid workers: the buttons under a card, or reply to it: “not a problem”, “category lift”, "
            "“place block 3”, “merge into 3”, “split”; /merge 5 3; /unsure — what I am not sure of; /report — the figures; /bind GRID"
        )
        + "\n"
        + _("/home 3-2-501 — where you live, so that your household counts once")
        + "\n"
        + _("/forgetme — erase what I have kept of you"),
        "welcome": _(
            "Hello, I am Linli. When somebody here reports a problem, I pass it on, bring the answer back, and ask "
            "you whether it is really fixed. Otherwise I stay silent. /help"
        ),
        "cannot_hear": _(
            "Hello, I am Linli, but I cannot hear ordinary messages here: please make me an administrator of the group, "
            "or switch off privacy mode at @BotFather (/setprivacy) and add me again. Until then I answer "
            "mentions, replies and commands. /help"
        ),
        "no_cases": _("Nothing is open here."),
        "unsure": _("I am not sure whether these are problems: ✓ sends it to dispatch, ✗ puts it away."),
        "unsure_elsewhere": _("The list is where the grid workers work."),
        "unsure_unreached": _("I could not send you the list: write /start to me in private first."),
        "staff_only_here": _("Not here: press the buttons under a card, or say it in the residents' group."),
        "welcome_staff": _(
            "Hello, I am Linli. This is the grid workers' own group: the cards of their grids come here, with their "
            "buttons. Reply to a card to set it right (“category lift”, “place block 3”, “more”) or with a picture from "
            "the spot; /cases, /mine, /today, /unsure. What is said here is no report, and everybody here counts as a "
            "grid worker."
        ),
        "nothing_unsure": _("There is nothing here that I am unsure of."),
        "no_such_case": _("I know no case of that number here. /cases shows what is open."),
        "nothing_to_withdraw": _("You have no open report here."),
        "not_yours": _(
            "#{number} was reported by somebody else; only that person or a grid worker can take it back."
        ),
        "too_late": _("#{number} is over already."),
        "withdrawn": _("#{number} is withdrawn."),
        "workers_only": _("This is for grid workers."),
        "how_to_merge": _("Two different case numbers please, for example /merge 5 3 (5 goes into 3)."),
        "merged": _("#{number} now belongs to #{into}."),
        "merge_into_itself": _("#{number} cannot be merged into itself."),
        "nothing_to_split": _(
            "Only the first message belongs to it. Reply “split” to the message that is another problem."
        ),
        "no_such_category": _("I know no category “{words}”. “More…” under the card shows all of them."),
        "several_categories": _("Which one? {names}"),
        "already_so": _("It is so already."),
        "how_to_place": _("Reply to the card with the place, for example: place block 3, entrance 2"),
        "noted": _("Noted, thank you."),
        "nothing_private": _(
            "Hello, I am Linli. Report a problem in your group, in your own words. What is not for the group, tell your "
            "grid worker; in danger call the police at once."
        ),
        "which_grid": _("Which grid? /bind ID with one of: {grids}"),
        "report": "{text}",
        "bound": _("This group now belongs to {grid}."),
        "home_kept": _(
            "Noted: your household counts once. The address itself is not kept, only a sign that nobody can read; you may "
            "delete your message."
        ),
        "home_known": _(
            "You have told me where you live; your household counts once. The address itself is not kept. A new one: "
            "/home 3-2-501; forget it: /home -"
        ),
        "home_unknown": _(
            "I do not know where you live; you count as one person. Tell me once, with block and door: /home 3-2-501. The "
            "address itself is not kept. Whoever does not want to say it here says it to me in private."
        ),
        "home_forgotten": _("Forgotten; from now on you count as one person."),
        "how_home": _("With block and door please, for example: /home 3-2-501"),
        "how_home_private": _("Tell me here where you live, with block and door, for example: /home 3-2-501"),
        "forgetme": _(
            "Shall I forget you? I then erase your name, your words and photos, your household and what you told me in "
            "private, in all groups. What you reported stays as a case without you; a case that is still open is erased after "
            "its end. Your messages in this chat you delete yourself. This cannot be undone."
        ),
        "forget_worker": _(
            "What you did as a grid worker is an official act and stays in the trace. Please turn to whoever runs me."
        ),
        "forgotten": _("Done: nothing that names you is left with me."),
        "forgotten_later": _(
            "Done, but for what is still open: that I erase after its end, by myself. Nothing more is needed of you."
        ),
        "home_where": _("Please write /home in your group first; then you can say it here."),
    }
    return texts[what].format(**args)


def commands(lang: str) -> tuple[tuple[str, str], ...]:
    """The commands that a platform may offer in a menu, each with what it does."""
    _ = gettext(lang)
    return (
        ("cases", _("what is open, with lights")),
        ("mine", _("what I handle or reported")),
        ("today", _("reported, done and open today")),
        ("case", _("one case: /case 3")),
        ("withdraw", _("take a report back: /withdraw 3")),
        ("unsure", _("what the bot is not sure of (grid workers)")),
        ("report", _("the three rates (grid workers)")),
        ("forgetme", _("erase what is kept of you")),
        ("help", _("what this is and how it works")),
    )


def toast(what: str, lang: str) -> str:
    """What the person who pressed a button sees. Raises KeyError for an unknown one."""
    _ = gettext(lang)
    return {
        "noted": _("Noted, thank you."),
        "counted": _("Counted, thank you. The residents' answers decide together."),
        "answer_replaced": _("Noted: this answer takes the place of your earlier one."),
        "household_replaced": _(
            "Your household counts once: this answer takes the place of the earlier one."
        ),
        "already_answered": _("This answer is counted already, thank you."),
        "mark_changed": _("Noted: this mark takes the place of your earlier one."),
        "photo_needed": _("Reply to the question with a photo of the spot first, then press again."),
        "stale": _("This step is over; please look at the newest card."),
        "workers_only": _("This button is for the grid worker. You can press “Me too”."),
        "residents_only": _("This question is for the residents."),
        "already_with_us": _("You are counted already."),
        "already_rated": _("You have given your mark already, thank you."),
        "already_so": _("It is so already."),
        "reporters_only": _("Only the reporter or the grid worker can take it back."),
        "not_taken_back_by_you": _("Only whoever took it back or the grid worker can press this."),
        "choose": _("Choose under the card."),
        "nobody_above": _("There is no level above that could take it."),
        "not_handled_by_you": _(
            "Only whoever handles it can give it back. You can hand it over to yourself."
        ),
        "send_picture": _(
            "Take a picture: reply to the card with it, or just send it here within ten minutes."
        ),
        "not_about_you": _("Only the person who asked can press this. Send /forgetme for yourself."),
        "forgetting": _("You are being forgotten."),
        "not_your_list": _("This is somebody else's list. Send /mine for your own."),
        "how_to_place": _("Reply to the card with the place, for example: place block 3, entrance 2"),
        "too_late": _("This step is over; please look at the newest card."),
        "": "",
    }[what]


_CHINESE = re.compile("[\u4e00-\u9fff]")


def known_unit(case: Case, lang: str) -> str:
    """The name of who answers for a case; empty where nobody is named, or in a script that the group does not read."""
    unit = name_of_unit(case.assignment.unit, lang) if case.assignment else ""
    return "" if lang == "en" and _CHINESE.search(unit) else unit


def unit_of(case: Case, lang: str) -> str:
    """Who answers for a case; where no name can be said it is simply the unit."""
    _ = gettext(lang)
    return known_unit(case, lang) or _("the responsible unit")


def told(news: News, lang: str) -> str:
    """What dispatch is told; `{n}` counts disputes, `{halves}` fixes in part, `{again}` how often it came back.

    `{text}` is what the group says, `{unit}` who answers for it.
    """
    _ = gettext(lang)
    return {
        News.DISPUTED: _("Residents say it is not fixed (time {n}). {text}"),
        News.DENIED: _("The grid worker has looked: it is not fixed (time {n}). {text}"),
        News.SENT_AGAIN: _("The grid worker sends it again; please handle it. {text}"),
        News.WITHDRAWN: _("Taken back; nothing is to be done."),
        News.HANDLED: _("The grid worker has handled it in the grid; the residents are asked to confirm."),
        News.CONFIRMED: _("The grid worker and the residents have confirmed that it is fixed."),
        News.DETAIL: _("Added by the group: {text}"),
        News.RECATEGORISED: _("The grid worker has corrected what it is: {text}"),
        News.RELOCATED: _("The grid worker has corrected where it is: {text}"),
        News.REWORDED: _("The reporter has changed the words: {text}"),
        News.SPLIT: _("A part of it was another problem and is reported by itself."),
        News.RESTORED: _("It was taken back by mistake; please handle it."),
        News.JOINED: _("Also reported in another group of the community ({place}, people: {people}): {text}"),
        News.SOON_DUE: _("Soon due: {text}"),
        News.LATE: _("Overdue: {text}"),
        News.CAME_BACK: _("The same problem has come back after it was over (time {again}). {text}"),
        News.HALF_FIXED: _("Residents say it is fixed only in part (time {halves}); please go on. {text}"),
        News.ASSIGNED: _("The grid worker has said which matter it is: {text}. {unit} answers for it."),
        News.RAISED: _("The grid worker has sent it one level up: {unit} answers for it now."),
        News.RULING: _("It has gone back and forth: the next level, {unit}, rules on who acts. {text}"),
        News.REASON_NEEDED: _("Please say why it is given back; without a reason it stays where it is."),
        News.INSPECTED: _("The grid worker has looked at it on the spot. {text}"),
    }[news]
