"""How a case ends, on real parts: two keys, a dispute, the grid's own worker, silence, second thoughts."""

from tests.running import running_linli, until
from tests.scenarios.web_person import labels

LIFT = "3号楼2单元电梯又坏了"
LAMP = "东门口路灯不亮"
GROUP = "web:demo"
IN_THE_GRID = "[policy]\nfile_at_once = false\n"
IMPATIENT = "[policy]\nresidents_key_minutes = 0.02\n"


async def test_a_disputed_fix_returns_to_the_same_ticket_with_the_count(nlu, tmp_path):
    async with running_linli(tmp_path, nlu_url=nlu) as linli:
        wang, meng = await linli.web_person("王阿姨"), await linli.web_person("孟姐", "worker")
        await wang.say(LIFT)
        ticket = (await linli.one_case(GROUP, stage="open"))["ticket"]
        for count in (1, 2):
            await linli.desk_set(ticket, "fixed", f"第{count}次维修")
            assert "记下了" in await meng.press("确认修好")
            assert "记下了" in await wang.press("没解决")
            await linli.one_case(GROUP, stage="open", disputes=count, ticket=ticket)
            await wang.sees_text(f"第 {count} 次")

        async def shown():
            return "居民反映未解决 ×2" in await linli.desk_page()

        await until(shown, "the desk shows the dispute and its count")
        (one,) = await linli.tickets()
        assert one["service_request_id"] == ticket


async def test_a_worker_solves_it_in_the_grid_and_nothing_is_filed(nlu, tmp_path):
    async with running_linli(tmp_path, nlu_url=nlu, toml=IN_THE_GRID) as linli:
        wang, meng = await linli.web_person("王阿姨"), await linli.web_person("孟姐", "worker")
        await wang.say(LIFT)
        await linli.one_case(GROUP, stage="waiting_worker")
        assert "网格员" in await wang.press("派单"), "a worker's button is not for residents"
        await meng.press("我来处理")
        await linli.one_case(GROUP, stage="handling")
        await meng.press("处理好了")
        await wang.press("解决了")
        await linli.one_case(GROUP, stage="solved_in_grid", ticket=None)
        await wang.press("5")
        await wang.sees_text("★ 5.0")
        assert await linli.tickets() == []


async def test_silence_lapses_unconfirmed(nlu, tmp_path):
    async with running_linli(tmp_path, nlu_url=nlu, toml=IMPATIENT) as linli:
        wang, meng = await linli.web_person("王阿姨"), await linli.web_person("孟姐", "worker")
        await wang.say(LIFT)
        ticket = (await linli.one_case(GROUP, stage="open"))["ticket"]
        await linli.desk_set(ticket, "fixed")
        await meng.press("确认修好")
        await linli.one_case(GROUP, stage="lapsed")
        card = await wang.sees_text("记为未确认")
        assert card["reply_to"], "the card, which answers the report"
        assert len([one for one in wang.said() if "没解决" in labels(one)]) == 2, (
            "the question, and the card, on which the last word stays open; nobody spoke, so nobody was reminded"
        )
        assert not [one for one in wang.said() if labels(one) == ["1", "2", "3", "4", "5"]], (
            "silence is not satisfaction"
        )
        assert [one["status"] for one in await linli.tickets()] == ["closed"], "as the desk left it: fixed"


async def test_the_reporter_takes_it_back_in_words_and_by_command(nlu, tmp_path):
    async with running_linli(tmp_path, nlu_url=nlu) as linli:
        wang, li = await linli.web_person("王阿姨"), await linli.web_person("李叔")
        await wang.say(LIFT)
        await linli.one_case(GROUP, stage="open")
        await wang.say("搞错了，是我弄错了")
        await linli.one_case(GROUP, stage="withdrawn")
        await li.say(LAMP)
        await wang.sees_text("#2", "工单")
        await wang.say("/withdraw 2")
        await wang.sees_text("#2", "别人报的")
        await li.say("/withdraw 2")

        async def both_closed():
            stages = [case["stage"] for case in await linli.cases(GROUP)]
            return stages == ["withdrawn"] * 2 and {one["status"] for one in await linli.tickets()} == {
                "closed"
            }

        await until(both_closed, "both are withdrawn, and closed at the desk")
        assert len(await linli.tickets()) == 2
