"""A group whose language is English."""

from tests.running import running_linli

GROUP = "web:demo"


async def test_the_loop_in_english(nlu, tmp_path):
    async with running_linli(tmp_path, nlu_url=nlu, env={"LINLI_LANG": "en"}) as linli:
        ann, bob = await linli.web_person("Ann"), await linli.web_person("Bob", "worker")
        await ann.say("good morning")
        await ann.say("the lift in block 7 is broken again")
        case = await linli.one_case(GROUP, stage="open", category="housing.elevator", place="block 7")
        await ann.sees_text("#1", "lift", "block 7", case["ticket"])
        await linli.desk_set(case["ticket"], "fixed", "door motor replaced")
        await ann.sees_text("door motor replaced", "please look")
        await bob.press("Confirm: done")
        await ann.press("Fixed")
        await linli.one_case(GROUP, stage="closed")
        assert await ann.press("5") == "Noted, thank you."
        assert all(one["text"].isascii() or "·" in one["text"] or "✔" in one["text"] for one in ann.said())
