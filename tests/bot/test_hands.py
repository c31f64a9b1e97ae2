"""Hands: orders are carried out once, cards follow their case, and nothing private goes to dispatch."""

from dataclasses import replace
from datetime import timedelta

import pytest

from actions import facts as f
from actions import orders as o
from actions.errors import Refused, Unreachable
from actions.ledger import Due
from actions.message import Kind
from actions.reading import Intent
from bot.hands import Hands
from connectors.memory_chat import MemoryChat
from tests.town import GROUP, MORNING, Town, means, report

LIFT = "3号楼电梯坏了，联系13812345678"
READ = {
    LIFT: report("housing.elevator", "3号楼"),
    "5号楼停电了": report("utilities.power", "5号楼"),
    "也坏了": means(Intent.SECOND),
    "补充：我身份证110101199003071233": means(Intent.DETAIL),
    "还是不行，打18612345678找我": means(Intent.DISPUTED),
    "上哪了": means(Intent.URGE),
}
CASE = f"{GROUP}:1"


@pytest.fixture
async def town():
    town = Town(READ)
    await town.say("张阿姨", LIFT)
    return town


async def carry_out(town, order, tries=1):
    order = replace(order, key=f"{CASE}:99:0", case=CASE)
    due = Due(order, GROUP, MORNING, tries, MORNING)
    return await Hands(town.house).carry_out(due)


# --- the card -----------------------------------------------------------------------------------------------


async def test_a_card_is_edited_only_when_its_face_changes(town):
    before = list(town.chat.edits)
    assert await carry_out(town, o.ShowCard()) is None
    await town.say("王叔", "上哪了")
    assert town.chat.edits == before
    await town.say("李叔", "也坏了")
    assert len(town.chat.edits) == len(before) + 1
    assert len(town.chat.said) == 1


async def test_a_lost_card_is_posted_anew(town):
    lost = town.chat.said.pop(0)
    await town.say("李叔", "也坏了")
    (card,) = town.chat.said
    assert "另有 1 人" in card.post.text
    assert (await town.case()).post("card") == card.id
    assert card.post.key != lost.post.key


async def test_a_card_quotes_the_report_and_hides_numbers(town):
    card = town.chat.said[0].post
    assert card.reply_to == "1"
    assert "13812345678" not in card.text


async def test_the_same_key_is_posted_once(town):
    await town.dispatch_says("fixed")
    said = len(town.chat.said)
    for tries in (1, 2, 3):
        await carry_out(town, o.AskWorker(), tries)
    assert len(town.chat.said) == said + 1


async def test_a_question_whose_moment_has_passed_is_not_asked(town):
    for order in (o.AskWorker(), o.AskIfFixed(), o.Say(sentence=o.Sentence.REMIND_WORKER)):
        assert await carry_out(town, order) is None
    assert len(town.chat.said) == 1


async def test_the_workers_are_called_where_they_are_asked(town):
    await town.dispatch_says("fixed")
    assert town.chat.said[-1].post.mentions == (("memory:孟姐", "孟姐"),)
    await town.press("孟姐", "确认修好")
    assert town.chat.said[-1].post.mentions == ()


async def test_an_order_of_no_case_or_no_kind_is_refused(town):
    with pytest.raises(Refused):
        await Hands(town.house).carry_out(Due(o.ShowCard(key="k", case="memory:demo:77"), GROUP, MORNING))
    with pytest.raises(Refused):
        await carry_out(town, o.Order())


async def test_a_wait_that_is_over_is_a_fact(town):
    fact = await carry_out(town, o.WakeAt(wait=o.Wait.WORKER, timer="3:worker"))
    assert fact == f.TimeRanOut(at=town.clock.now(), timer="3:worker")


# --- at dispatch --------------------------------------------------------------------------------------------


async def test_a_filing_says_what_and_where_and_no_number_of_a_person(town):
    (filing,) = town.dispatch.filed
    assert (filing.ref, filing.service_code, filing.address) == (CASE, "housing.elevator", "3号楼")
    assert "电梯坏了" in filing.description
    assert "13812345678" not in str(filing)


async def test_what_dispatch_is_told_hides_numbers_too(town):
    await town.say("张阿姨", "补充：我身份证110101199003071233", reply_to="1")
    await town.dispatch_says("fixed")
    await town.say("李叔", "还是不行，打18612345678找我", reply_to="1")
    told = "\n".join(text for _, _, text in town.dispatch.told)
    assert "补充" in told
    assert "还是不行" in told
    assert "110101199003071233" not in told
    assert "18612345678" not in told


async def test_a_retry_looks_before_it_files_again():
    town = Town(READ)
    town.dispatch.loses_answers = True
    await town.say("张阿姨", LIFT)
    assert len(town.dispatch.filed) == 1
    await town.wait(timedelta(minutes=10))
    assert len(town.dispatch.filed) == 1
    assert (await town.case()).ticket == "1"


async def test_a_case_that_dispatch_has_is_not_filed_again(town):
    town.dispatch.filed.clear()
    fact = await carry_out(town, o.FileTicket())
    assert fact is None
    assert town.dispatch.filed == []


async def test_a_retry_looks_before_it_tells_again(town):
    order = o.TellDispatch(news=o.News.DENIED, text="没修好")
    for tries in (1, 2, 3):
        await carry_out(town, order, tries)
    assert len(town.dispatch.told) == 1


async def test_a_refused_ticket_is_a_fact_and_no_failure():
    town = Town(READ)
    town.dispatch.refusing = "不属于本级"
    await town.say("张阿姨", LIFT)
    assert f.TicketRefused in await town.facts(await town.case())
    assert await town.state.dead(10) == []


async def test_a_case_withdrawn_while_dispatch_was_away_is_not_filed():
    town = Town(READ)
    town.dispatch.down = True
    await town.say("张阿姨", LIFT)
    await town.say("张阿姨", "/withdraw 1")
    town.dispatch.down = False
    await town.wait(timedelta(minutes=30))
    assert town.dispatch.filed == []
    assert (await town.case()).stage == "withdrawn"


# --- warnings and answers -----------------------------------------------------------------------------------


async def test_a_warning_answers_the_cry_and_calls_the_workers(town):
    await Hands(town.house).carry_out(
        Due(o.Warn(key="w", group=GROUP, message="1", kind="gas"), GROUP, MORNING)
    )
    post = town.chat.said[-1].post
    assert post.reply_to == "1"
    assert post.mentions == (("memory:孟姐", "孟姐"),)
    assert "119" in post.text


async def test_while_the_platform_is_away_nothing_is_taken_for_said(town):
    town.chat.down = True
    with pytest.raises(Unreachable):
        await Hands(town.house).carry_out(
            Due(o.Reply(key="r", group=GROUP, reply_to=None, what="help"), GROUP, MORNING)
        )


async def test_a_long_list_names_each_case_in_a_line(town):
    await town.say("李叔", "/cases")
    assert town.texts[-1].count("\n") == 1
    assert "#1" in town.texts[-1]
    assert "13812345678" not in town.texts[-1]


async def test_a_photo_counts_on_the_card(town):
    await town.say("张阿姨", "", kind=Kind.PHOTO)
    assert "附件 1 个" in town.texts[0]


async def test_a_detail_added_while_a_fix_is_confirmed_does_not_reopen_the_ticket(town):
    await town.dispatch_says("fixed")
    await town.say("张阿姨", "补充：我身份证110101199003071233", reply_to="1")
    assert town.dispatch.told[-1][:2] == ("1", "fixed")


async def test_cards_of_two_cases_never_have_one_key_though_their_order_has(town):
    """A list that comes down to one case is an order with the key of the list, today and tomorrow."""
    await town.say("李叔", "5号楼停电了")
    hands, cases = Hands(town.house), await town.cases()
    orders = [o.ShowCard(key=f"{GROUP}:list", case=case.id) for case in cases]
    posts = [
        hands._post(case, order, "x", (), reply_to=None) for case, order in zip(cases, orders, strict=True)
    ]
    assert len({post.key for post in posts}) == len(cases) == 2


class CannotEdit(MemoryChat):
    """A platform that posts, and does not edit just now."""

    async def edit(self, message, post):
        raise Unreachable("502")


async def test_a_card_that_was_posted_is_not_forgotten_because_it_could_not_be_edited(town):
    town.house.chats["memory"] = town.chat = CannotEdit()
    await town.say("李叔", "5号楼停电了")
    *_, case = await town.cases()
    bare = replace(case, posts=(), face="")
    town.state._cases[case.id] = bare
    due = Due(o.ShowCard(key=f"{case.id}:9:9", case=case.id), GROUP, MORNING, 2, MORNING)
    fact = await Hands(town.house).carry_out(due)
    assert (fact.post, fact.face) == (town.chat.said[-1].id, ""), "whoever shows the card next edits this one"
