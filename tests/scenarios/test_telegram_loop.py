"""The loop in a Telegram group, over a Bot API server: polling and webhook, privacy mode, and what goes wrong there."""

import asyncio
import time

import aiohttp

from tests.running import running_linli
from tests.telegram_simulator import TelegramSimulator

LIFT = "3号楼2单元电梯又坏了"


async def shows(sim, group, *words):
    """The newest message of the bot with all these words, once there is one."""
    await sim.until(lambda: any(all(w in one.text for w in words) for one in group.said), 20)
    return next(one for one in reversed(group.said) if all(w in one.text for w in words))


async def press(sim, group, person, label):
    """Press the newest button of this label, once there is one; the answer."""
    await sim.until(lambda: any(label in one.labels for one in group.said), 20)
    pressed = group.press(person, next(one for one in reversed(group.said) if label in one.labels), label)
    await sim.until(lambda: pressed.answer is not None, 20)
    return pressed.answer


async def test_the_whole_loop_by_long_polling(nlu, tmp_path):
    async with TelegramSimulator() as sim, running_linli(tmp_path, nlu_url=nlu, telegram=sim) as linli:
        wang, meng = sim.person("王阿姨"), sim.person("孟姐")
        group = sim.group("春风里", administrators=[meng])
        group.say(wang, "早上好")
        report = group.say(wang, LIFT)
        case = await linli.one_case(group.ref, stage="open")
        card = await shows(sim, group, "#1", f"工单 {case['ticket']}")
        assert card.reply_to == report.id
        await linli.desk_set(case["ticket"], "accepted")
        await linli.desk_set(case["ticket"], "in_progress")
        await shows(sim, group, "正在办理")
        assert len(card.edits) >= 2, "one card, kept up to date"
        await linli.desk_set(case["ticket"], "fixed", "已更换门机")
        question = await shows(sim, group, "已更换门机")
        assert question.mentioned == [meng.id]
        assert "网格员" in await press(sim, group, wang, "确认修好"), "the worker's key is not for residents"
        group.photo(meng, reply_to=question)
        await sim.until(lambda: "1 " in card.text.splitlines()[-1], 20)
        await press(sim, group, meng, "确认修好")
        await press(sim, group, wang, "解决了")
        await linli.one_case(group.ref, stage="closed")
        await press(sim, group, wang, "5")
        await sim.until(lambda: "★ 5.0" in card.text, 20)
        case = await linli.one_case(group.ref)
        assert [one["as"] for one in case["messages"]] == ["report", "detail"]
        (ticket,) = await linli.tickets()
        assert ticket["status"] == "closed"


async def test_a_webhook_is_believed_only_with_its_secret(nlu, tmp_path):
    async with (
        TelegramSimulator() as sim,
        running_linli(tmp_path, nlu_url=nlu, telegram=sim, webhook=True) as linli,
    ):
        await sim.until(lambda: sim.webhook)
        wang = sim.person("王阿姨")
        group = sim.group("春风里", administrators=[sim.person("孟姐")])
        forged = {"update_id": 1, "message": {"message_id": 1, "text": LIFT, "chat": group.chat()}}
        for headers in ({}, {"X-Telegram-Bot-Api-Secret-Token": "guessed"}):
            async with linli.http.post(sim.webhook["url"], json=forged, headers=headers) as answer:
                assert answer.status == 401
        group.say(wang, LIFT)
        case = await linli.one_case(group.ref, stage="open")
        await shows(sim, group, case["ticket"])
        assert set(sim.webhook_statuses) == {200}
        sim.webhook = None  # nothing to push to when it has gone


async def test_with_privacy_mode_on_the_bot_says_what_to_do_and_greets_once_it_can_hear(nlu, tmp_path):
    async with (
        TelegramSimulator(privacy=True) as sim,
        running_linli(tmp_path, nlu_url=nlu, telegram=sim) as linli,
    ):
        wang = sim.person("王阿姨")
        group = sim.group("春风里")
        told = await shows(sim, group, "管理员")
        assert "privacy" in told.text
        group.say(wang, LIFT)
        group.say(wang, "/cases")
        await sim.until(lambda: len(group.said) == 2, 20)
        assert await linli.cases(group.ref) == [], "it heard the command only"
        group.set_bot("administrator")
        await sim.until(lambda: len(group.said) == 3, 20)
        group.say(wang, LIFT)
        await linli.one_case(group.ref, stage="open")


async def test_a_forged_press_is_answered_and_changes_nothing(nlu, tmp_path):
    async with TelegramSimulator() as sim, running_linli(tmp_path, nlu_url=nlu, telegram=sim) as linli:
        wang, meng = sim.person("王阿姨"), sim.person("孟姐")
        here, there = (sim.group(name, administrators=[meng]) for name in ("春风里", "秋月里"))
        here.say(wang, LIFT)
        there.say(wang, LIFT)
        await linli.one_case(there.ref, stage="open")
        before = await linli.one_case(here.ref, stage="open")
        card, other = await shows(sim, here, "工单"), await shows(sim, there, "工单")
        genuine = other.buttons[-1][0][1]
        for data in ("1.yes.0", "1.take.0~AAAA", "x" * 64, genuine):
            pressed = here.press_data(meng, card, data)
            await sim.until(lambda one=pressed: one.answer is not None, 20)
            assert "已经过" in pressed.answer
        assert await linli.one_case(here.ref) == before


async def test_429_is_waited_out_and_a_second_poller_disturbs_only_while_it_polls(nlu, tmp_path):
    async with TelegramSimulator() as sim, running_linli(tmp_path, nlu_url=nlu, telegram=sim) as linli:
        wang = sim.person("王阿姨")
        group = sim.group("春风里", administrators=[sim.person("孟姐")])
        await sim.until(lambda: len(group.said) == 1, 20)
        async with aiohttp.ClientSession() as other:
            url = f"{sim.url}/bot{sim.token}/getUpdates"
            await sim.until(lambda: sim.called("getUpdates"))
            async with other.post(url, json={"timeout": 0}) as answer:
                assert answer.status == 200
        await sim.until(lambda: linli.logged("telegram_polling_paused"), 20)
        sim.fail_next("sendMessage", 429, {"retry_after": 2})
        said, begun = len(sim.called("sendMessage")), time.monotonic()
        group.say(wang, LIFT)
        await linli.one_case(group.ref, stage="open")
        await sim.until(lambda: len(group.said) == 2, 20)
        assert time.monotonic() - begun >= 2, "as long as Telegram asked for"
        assert len(sim.called("sendMessage")) == said + 2, "tried once, and once more after the wait"
        assert "another program" in linli.logged("telegram_polling_paused")[0]["error"]


async def test_a_group_that_becomes_a_supergroup_goes_on_where_it_was(nlu, tmp_path):
    async with TelegramSimulator() as sim, running_linli(tmp_path, nlu_url=nlu, telegram=sim) as linli:
        wang, li, meng = sim.person("王阿姨"), sim.person("李叔"), sim.person("孟姐")
        group = sim.group("春风里", administrators=[meng], basic=True, bot="administrator")
        group.say(wang, LIFT)
        case = await linli.one_case(group.ref, stage="open")
        await shows(sim, group, "工单")
        new = sim.upgrade(group, ("from", "to", "out", "in"))
        await linli.desk_set(case["ticket"], "accepted")
        card = await shows(sim, new, "#1")
        async with asyncio.timeout(20):
            while "我也是 1" not in card.labels:  # a thumb may be faster than our note of which card that is
                new.react(li, card)
                new.react(li, card, "👍")
                await asyncio.sleep(0.2)
        await linli.stop()
        await linli.restart()
        await linli.desk_set(case["ticket"], "fixed", "已更换门机")
        await press(sim, new, meng, "确认修好")
        await press(sim, new, wang, "解决了")
        closed = await linli.one_case(group.ref, stage="closed")
        assert await linli.cases(new.ref) == [closed], "it is asked for by either number"
        assert closed["id"] == case["id"]
        assert sim.flood.refused == []
