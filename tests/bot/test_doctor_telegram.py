"""The doctor on several bots: each token is judged by itself, and groups with two of them are named."""

from pathlib import Path

from bot.doctor_telegram import telegram, telegram_groups
from bot.finding import Verdict
from bot.settings import Settings
from connectors.redis_state import RedisState
from connectors.telegram_roll import Roll
from tests.real_redis import real_redis
from tests.telegram_simulator import TelegramSimulator


def settings_of(home: Path, sim: TelegramSimulator, east: str, **more: object) -> Settings:
    bots = [{"name": "east", "token": east}]
    return Settings.model_validate(
        {"home": home, "telegram": {"token": sim.token, "api": sim.url, "bots": bots}, **more}
    )


async def test_every_bot_is_named_and_the_worst_counts(tmp_path):
    async with TelegramSimulator() as sim:
        east = sim.another("770002:SIMULATED-token_of_the_east", "linli_east_bot", privacy=True)
        finding = await telegram(settings_of(tmp_path, sim, east.token))
        assert finding.verdict == Verdict.WARN
        assert finding.what.startswith(
            "main: @linli_test_bot hears its groups; east: @linli_east_bot has privacy"
        )
        finding = await telegram(settings_of(tmp_path, sim, "770003:withdrawn"))
        assert finding.verdict == Verdict.FAIL
        assert "LINLI_TELEGRAM_TOKEN_EAST" in finding.how_to_mend
        assert "withdrawn" not in repr(finding)


async def test_a_group_with_two_of_our_bots_is_named_until_one_has_gone(tmp_path):
    async with real_redis(tmp_path / "redis") as server, TelegramSimulator() as sim, server.client() as redis:
        settings = settings_of(tmp_path, sim, "770002:x", redis_url=server.url)
        assert (await telegram_groups(settings)).verdict == Verdict.OK
        state = RedisState(redis)
        roll = Roll(state.recall, state.swap)
        await roll.add("telegram:-100", "east", ("main",))
        finding = await telegram_groups(settings)
        assert finding.verdict == Verdict.WARN
        assert finding.what == "telegram:-100: main speaks, east keeps still"
        await roll.drop("telegram:-100", "main")
        assert (await telegram_groups(settings)).verdict == Verdict.OK
        assert await roll.of("telegram:-100") == ("east",)


async def test_without_a_second_bot_or_a_running_linli_there_is_nothing_to_say(tmp_path):
    async with TelegramSimulator() as sim:
        alone = Settings.model_validate({"home": tmp_path, "telegram": {"token": sim.token, "api": sim.url}})
        for settings in (alone, settings_of(tmp_path, sim, "770002:x")):
            assert (await telegram_groups(settings)).verdict == Verdict.OK
