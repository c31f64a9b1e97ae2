"""Makes a kept state: a few cases in different stages, as the code at hand stores them.

    PYTHONPATH=CHECKOUT python -m tests.upgrades.make FILE.json

Run it in the checkout of a release just before the next form of stored cases, and keep the file: test_upgrades.py starts
the code of today on it. Which partitions are empty is left out.
"""

import asyncio
import json
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from actions.message import Kind, Message, Role
from bot.log import only_errors
from connectors.redis_state import RedisState
from tests.real_redis import real_redis
from tests.town import GROUP, Town, means, report
from tests.upgrades.stored import dumped

READINGS = {
    "3号楼2单元电梯又坏了": report("housing.elevator", "3号楼2单元"),
    "5号楼停水了": report("utilities.water", "5号楼"),
    "东门口的路灯不亮": report("traffic.streetlight", "东门口"),
    "8号楼楼道灯坏了": report("housing.common_facilities", "8号楼"),
    "6号楼垃圾没人收": report("sanitation.garbage", "6号楼"),
    "好像又没电了": report("utilities.power", "", sure=0.3),
    "电梯坏了": report("housing.elevator"),
    "9号楼停电了": report("utilities.power", "9号楼"),
    "早上好": means("chatter"),
}
UNREAD = "9号楼停电了"


async def tell(town: Town) -> None:
    """What has happened until the release stops, in the middle of things."""
    await town.say("张阿姨", "早上好")
    await town.say("张阿姨", "3号楼2单元电梯又坏了")
    await town.dispatch_says("accepted", ticket="1")
    await town.dispatch_says("fixed", ticket="1")
    await town.press("孟姐", "确认修好")
    await town.say("李叔", "5号楼停水了")
    town.clock.set(town.clock.now() + timedelta(minutes=5))
    await town.say("王姐", "东门口的路灯不亮")
    await town.press("孟姐", "我来处理")
    await town.say("老陈", "6号楼垃圾没人收")
    await town.dispatch_says("fixed", ticket="4")
    await town.press("孟姐", "确认修好")
    await town.press("老陈", "解决了")
    await town.say("小周", "好像又没电了")
    await town.say("赵奶奶", "电梯坏了")
    town.clock.set(town.clock.now() + timedelta(minutes=5))
    await town.settle()
    town.dispatch.down = True
    await town.say("王姐", "8号楼楼道灯坏了")
    unread = Message(
        group=GROUP, id="900", sender="memory:刘哥", sender_name="刘哥", role=Role.RESIDENT, at=town.clock.now(),
        kind=Kind.TEXT, text=UNREAD, reply_to=None, edited=False,
    )  # fmt: skip
    town.chat.heard["u900"] = unread
    await town.flow.heard("memory", GROUP, "u900", {"id": "u900"})


async def make() -> dict[str, dict[str, object]]:
    """The state that is left."""
    with tempfile.TemporaryDirectory() as folder:
        async with real_redis(Path(folder) / "data") as server, server.client() as client:
            state = RedisState.at(server.url)
            await state.start()
            town = Town(READINGS, state=state)
            await tell(town)
            await town.reader.stop()
            await town.carrier.stop()
            await state.stop()
            found = await dumped(client)
    return {key: kept for key, kept in found.items() if kept["type"] != "stream" or kept["value"]["entries"]}


if __name__ == "__main__":
    only_errors()
    text = json.dumps(asyncio.run(make()), ensure_ascii=False, indent=1)
    Path(sys.argv[1]).write_text(f"{text}\n", "utf-8")
