"""What goes out: only to servers that the settings name, never where an answer, a link or a message leads; what comes back
is bounded, and no browser runs it.
"""

import json
import time
from functools import partial

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from actions.errors import Refused, Unreachable
from actions.message import Attachment, Kind
from actions.post import Post
from bot.evidence import PATH, Evidence
from connectors.dispatch import Open311Dispatch
from connectors.nlu import RasaNlu
from connectors.push import signed_headers
from connectors.telegram import TelegramChat
from tests.telegram_simulator import TelegramSimulator
from tests.whole import PUSH_SECRET, gossip, whole_bot


async def leading(to: str, status: int = 307) -> TestServer:
    """A server that sends everybody elsewhere."""

    async def answer(request):
        return web.Response(status=status, headers={"Location": f"http://{to}{request.path_qs}"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    server = TestServer(app)
    await server.start_server()
    return server


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_what_residents_say_goes_to_the_nlu_server_of_the_settings_only(status):
    async with gossip(200) as elsewhere:
        server = await leading(elsewhere.url, status)
        nlu = RasaNlu(str(server.make_url("")))
        for asked in (nlu.parse("3号楼电梯坏了"), nlu.status(), nlu.linker()):
            with pytest.raises(Unreachable):
                await asked
        await nlu.close()
        await server.close()
        assert elsewhere.heard == 0


async def test_neither_the_key_nor_a_report_follows_the_backend_to_another_server():
    async with gossip(200) as elsewhere:
        server = await leading(elsewhere.url)
        async with Open311Dispatch(str(server.make_url("/v2")), "key") as client:
            for asked in (client.services(), client.ticket("1"), client.post_update("1", "closed", "x", "u")):
                with pytest.raises(Refused, match="another host"):
                    await asked
        await server.close()
        assert elsewhere.heard == 0


@pytest.mark.parametrize(
    "url", ["http://{to}/v2", "https://169.254.169.254/v2", "file:///etc/passwd", "//{to}"]
)
async def test_a_discovery_document_cannot_name_another_server(url):
    async def answer(_):
        endpoint = {
            "specification": "GeoReport_v2",
            "url": url.format(to=elsewhere.url),
            "type": "production",
        }
        return web.json_response({"endpoints": [endpoint]})

    app = web.Application()
    app.router.add_get("/discovery.json", answer)
    async with gossip(200) as elsewhere, TestServer(app) as server:
        async with Open311Dispatch(str(server.make_url("/discovery.json")), "key") as client:
            with pytest.raises(Refused, match="name that in the settings"):
                await client.services()
        assert elsewhere.heard == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_calls_of_the_bot_api_which_carry_the_token_go_to_its_server_only(status):
    async with gossip(200) as elsewhere:
        server = await leading(elsewhere.url, status)
        chat = TelegramChat("123:token", api_root=str(server.make_url("")).rstrip("/"))
        for asked in (chat.me(), chat.post(Post("telegram:-1001", "3号楼电梯坏了", "k"))):
            with pytest.raises((Refused, Unreachable)):
                await asked
        await chat.stop()
        await server.close()
        assert elsewhere.heard == 0


async def test_the_bot_api_is_called_by_way_of_the_proxy_that_the_environment_names(monkeypatch):
    async with gossip(503) as proxy:
        monkeypatch.setenv("http_proxy", f"http://{proxy.url}")
        monkeypatch.setenv("no_proxy", "inside.invalid")
        for host, came_by in (("api.invalid", 1), ("inside.invalid", 0)):
            before = proxy.heard
            chat = TelegramChat("123:token", api_root=f"http://{host}")
            with pytest.raises(Unreachable):
                await chat.me()
            await chat.stop()
            assert proxy.heard - before == came_by


async def test_a_file_is_fetched_from_the_bot_api_server_and_nowhere_else():
    async with TelegramSimulator() as sim, gossip(200) as elsewhere:

        async def fetch(path: str) -> bytes:
            answers = web.Application()
            answers.router.add_post("/bot{token}/getFile", partial(_told, path))
            answers.router.add_get("/file/{rest:.*}", partial(_sent_to, elsewhere.url))
            async with TestServer(answers) as server:
                chat = TelegramChat(sim.token, api_root=str(server.make_url("")).rstrip("/"))
                try:
                    return await chat.fetch(Attachment(Kind.PHOTO, "f"))
                finally:
                    await chat.stop()

        strange = (
            f"http://{elsewhere.url}/x",
            "http://169.254.169.254/latest",
            "file:///etc/passwd",
            "/etc/passwd",
        )
        for path in (*strange, "../../../x", "photos/a.jpg"):
            with pytest.raises((Refused, Unreachable)):
                await fetch(path)
        assert elsewhere.heard == 0


async def _told(path: str, _: web.Request) -> web.Response:
    return web.json_response(
        {"ok": True, "result": {"file_id": "f", "file_unique_id": "u", "file_path": path}}
    )


async def _sent_to(place: str, _: web.Request) -> web.Response:
    return web.Response(status=302, headers={"Location": f"http://{place}/"})


async def test_links_in_news_of_tickets_are_never_followed(tmp_path):
    async with gossip(200) as elsewhere, whole_bot(tmp_path) as here:
        link = f"http://{elsewhere.url}/look"
        row = {
            "update_id": "1",
            "service_request_id": "T1",
            "status": "fixed",
            "description": link,
            "media_url": link,
        }
        body = json.dumps([row]).encode()
        headers = signed_headers(PUSH_SECRET, "m1", int(time.time()), body)
        status, _, _ = await here.ask("POST", "/dispatch/push", data=body, headers=headers)
        assert status == 204
        assert elsewhere.heard == 0


# --- files that people sent ---


class Platform:
    """A chat whose every file is the same page."""

    async def fetch(self, attachment):
        return b"<script>alert(1)</script>"


@pytest.mark.parametrize(
    ("kind", "mime", "served", "shown"),
    [
        (Kind.PHOTO, "image/png", "image/png", "inline"),
        (Kind.PHOTO, "", "image/jpeg", "inline"),
        (Kind.PHOTO, "image/svg+xml", "application/octet-stream", "attachment"),
        (Kind.PHOTO, "text/html", "application/octet-stream", "attachment"),
        (Kind.OTHER, "text/html", "application/octet-stream", "attachment"),
        (Kind.OTHER, "application/x-sh\r\nX-A: b", "application/octet-stream", "attachment"),
        (Kind.VOICE, "audio/ogg", "application/octet-stream", "attachment"),
    ],
)
async def test_evidence_is_shown_where_it_is_a_picture_and_run_nowhere(kind, mime, served, shown):
    evidence = Evidence("secret", "", {"web": Platform()})
    app = web.Application()
    app.router.add_get(f"{PATH}{{token}}", evidence.handle)
    (link,) = evidence.links("web:demo", (Attachment(kind, "ref", mime),))
    async with TestClient(TestServer(app)) as client:
        headers = (await client.get(link)).headers
        forged = await client.get(link[:-2] + ("aa" if link[-2:] != "aa" else "bb"))
    assert (headers["Content-Type"], headers["Content-Disposition"]) == (served, shown)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert forged.status == 404
