"""The dispatch backend is away for a while, loses its answers, or dies: one ticket afterwards, and the card says so."""

from tests.desk import running_desk
from tests.running import running_linli, until
from tests.scenarios.between import Line, between

LIFT = "3号楼2单元电梯又坏了"
GROUP = "web:demo"
SOON_TOLD = "dispatch_poll_seconds = 0.5\n[policy]\ndelay_told_seconds = 0.5\n"


async def test_a_backend_that_is_down_stands_on_the_card_and_gets_one_ticket_when_it_is_back(nlu, tmp_path):
    async with running_desk(tmp_path) as desk, between(desk.url) as line:
        env = {"LINLI_DISPATCH_URL": f"{line.url}/open311/v2", "LINLI_DISPATCH_KEY": desk.key}
        async with running_linli(tmp_path, nlu_url=nlu, env=env, toml=SOON_TOLD) as linli:
            wang = await linli.web_person("王阿姨")
            line.line = Line.DOWN
            await wang.say(LIFT)
            card = await wang.sees_text("恢复后自动上报")
            assert "#1" in card["text"], "the card says so, and nothing else"
            await wang.say("早上好")
            tried = len(line.asked)
            await wang.until(lambda: len(line.asked) > tried + 2, "more tries")
            line.line = Line.UP
            case = await linli.one_case(GROUP, stage="open")
            await wang.until(
                lambda: not any("连不上" in one["text"] for one in wang.said()), "the card has moved on"
            )
            async with linli.http.get(f"{desk.api}/requests.json") as answer:
                (ticket,) = await answer.json()
            assert ticket["service_request_id"] == case["ticket"]


async def test_a_backend_that_stores_and_loses_the_answer_has_one_ticket_and_one_of_every_update(
    nlu, tmp_path
):
    async with running_desk(tmp_path) as desk, between(desk.url) as line:
        env = {"LINLI_DISPATCH_URL": f"{line.url}/open311/v2", "LINLI_DISPATCH_KEY": desk.key}
        async with running_linli(tmp_path, nlu_url=nlu, env=env, toml=SOON_TOLD) as linli:
            wang = await linli.web_person("王阿姨")
            line.line = Line.LOSES_ANSWERS
            await wang.say(LIFT)
            case = await linli.one_case(GROUP, stage="open")
            await wang.say("搞错了，是我弄错了")
            await linli.one_case(GROUP, stage="withdrawn")

            async def closed():
                async with linli.http.get(f"{desk.api}/requests.json") as answer:
                    (ticket,) = await answer.json()
                return ticket["service_request_id"] == case["ticket"] and ticket["status"] == "closed"

            await until(closed, "one ticket, closed")
            await until(_only_a_clock_waits(linli), "the order is done with: it found what it had sent")
            assert len(_posts(line)) == 2, "one filing and one update were sent, and found again afterwards"


async def test_a_desk_that_dies_is_started_again_and_gets_one_ticket(nlu, tmp_path):
    async with running_linli(tmp_path, nlu_url=nlu) as linli:
        wang = await linli.web_person("王阿姨")
        await linli.kill_child("connectors.desk")
        await wang.say(LIFT)
        case = await linli.one_case(GROUP, stage="open")
        assert [one["service_request_id"] for one in await linli.tickets()] == [case["ticket"]]
        await linli.desk_set(case["ticket"], "accepted")
        await linli.one_case(GROUP, stage="accepted")


async def test_a_push_that_is_not_signed_is_refused_and_changes_nothing(nlu, tmp_path):
    async with running_linli(tmp_path, nlu_url=nlu) as linli:
        wang = await linli.web_person("王阿姨")
        await wang.say(LIFT)
        case = await linli.one_case(GROUP, stage="open")
        update = {"update_id": "x1", "service_request_id": case["ticket"], "status": "FIXED"}
        forged = {"webhook-id": "x1", "webhook-timestamp": "1700000000", "webhook-signature": "v1,AAAA"}
        for headers in ({}, forged):
            body = {"service_request_updates": [update]}
            async with linli.http.post(f"{linli.url}/dispatch/push", json=body, headers=headers) as answer:
                assert answer.status == 401
        await linli.desk_set(case["ticket"], "accepted")
        await linli.one_case(GROUP, stage="accepted")


def _posts(line):
    return [path for method, path in line.asked if method == "POST"]


def _only_a_clock_waits(linli):
    """The watch of the unit's clock stays until its time: then it finds that the clock has stopped."""

    async def asked():
        async with linli.http.get(f"{linli.url}/metrics") as answer:
            text = await answer.text()
        return 'linli_waiting{what="orders"} 1.0' in text.splitlines()

    return asked
