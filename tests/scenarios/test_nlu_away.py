"""The NLU server is away for a while: messages wait in their order, and danger is still warned of."""

from tests.running import running_linli, until
from tests.scenarios.between import Line, between

GROUP = "web:demo"


async def test_messages_wait_in_order_and_an_emergency_among_them_is_warned_of_meanwhile(nlu, tmp_path):
    async with between(nlu) as line, running_linli(tmp_path, nlu_url=line.url) as linli:
        wang, meng = await linli.web_person("王阿姨"), await linli.web_person("孟姐", "worker")
        line.line = Line.DOWN
        await wang.say("3号楼2单元电梯又坏了")
        await wang.until(lambda: ("POST", "/model/parse") in line.asked, "somebody asks the NLU")
        await wang.say("9号楼着火了快来人")
        warning = await meng.sees_text("⚠️", "119")
        assert [one["name"] for one in warning["mentions"]] == ["孟姐"]
        await wang.say("东门口路灯不亮")
        assert await linli.cases(GROUP) == [], "nothing is read yet"
        line.line = Line.UP

        async def three():
            found = await linli.cases(GROUP)
            return len(found) == 3 and all(case["ticket"] for case in found) and found

        cases = await until(three, "all three are read", 30)
        assert [case["place"] for case in cases] == ["3号楼2单元", "9号楼", "东门口"]
        assert cases[1]["urgency"] == "emergency"
        assert len([one for one in wang.said() if "⚠️" in one["text"]]) == 1, "warned of once"
