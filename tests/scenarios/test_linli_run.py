"""`linli run` with everything embedded, the NLU too; Ctrl-C ends all of it."""

import signal

import pytest

from tests.running import lives, running_linli

TRAINS_WITHIN = 300


@pytest.mark.timeout(TRAINS_WITHIN + 60)
async def test_everything_embedded_works_and_ctrl_c_leaves_nothing(tmp_path):
    async with running_linli(tmp_path, starts_within=TRAINS_WITHIN) as linli:
        family = linli.family()
        assert len(family) > 4, "the bot, Redis, the desk, the NLU and its readers"
        wang = await linli.web_person("王阿姨")
        await wang.say("3号楼2单元电梯又坏了")
        await linli.one_case("web:demo", stage="open", place="3号楼2单元")
        await linli.stop(signal.SIGINT)
        assert not [process for process in family if lives(process)]
