"""A backend as FixMyStreet speaks: wrapped JSON or XML, and whatever goes wrong in a city, on request."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import escape

from aiohttp import web
from aiohttp.test_utils import TestServer


class FixMyStreet:
    """Keeps what is filed. ``trouble`` holds (path, answer) pairs: the first that fits is used up."""

    def __init__(self):
        self.requests, self.updates, self.seen, self.trouble = [], [], [], []
        self.tokens = {}
        self.gives_tokens = False
        self.has_updates = True
        self.page_size = None
        self.hold = asyncio.Event()

    def app(self):
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        return app

    async def _answer(self, request):
        path, _, ext = request.path.removeprefix("/api/").rpartition(".")
        form = await request.post() if request.method == "POST" else None
        self.seen.append((request.method, path, dict(form if form is not None else request.query)))
        trouble = self._trouble(path)
        if trouble != "store, then hang":
            if isinstance(trouble, web.Response):
                return trouble
            if trouble == "hang":
                await self.hold.wait()
        answer = self._do(request, path, form)
        if trouble == "store, then hang":
            await self.hold.wait()
        if isinstance(trouble, bytes):
            return web.Response(body=trouble)
        if answer is None:
            return web.Response(status=404, text="<html><h1>Not found</h1></html>", content_type="text/html")
        return written(*answer, ext)

    def _trouble(self, path):
        for one in self.trouble:
            if one[0] == path:
                self.trouble.remove(one)
                return one[1]
        return None

    def _do(self, request, path, form):
        what, _, which = path.partition("/")
        if what == "servicerequestupdates" and not self.has_updates:
            return None
        return getattr(self, f"_{'post' if form is not None else 'get'}_{what}")(request, form, which)

    def _get_services(self, *_):
        return "services", "service", [{"service_code": "LIFT", "service_name": "Lift", "metadata": "false"}]

    def _post_requests(self, _, form, __):
        row = {"service_request_id": str(len(self.requests) + 100), "status": "open", "service_code": "LIFT"}
        self.requests.append(row | {"description": form["description"]})
        if not self.gives_tokens:
            return "service_requests", "request", [{"service_request_id": row["service_request_id"]}]
        self.tokens["t1"] = row["service_request_id"]
        return "service_requests", "request", [{"token": "t1"}]

    def _get_requests(self, request, _, which):
        if which:
            found = [one for one in self.requests if one["service_request_id"] == which]
            return ("requests", "request", found) if found else None
        rows = self.requests[::-1]
        if self.page_size:
            start = (int(request.query["page"]) - 1) * self.page_size
            rows = rows[start : start + self.page_size]
        return "requests", "request", rows

    def _get_tokens(self, _, __, which):
        row = {"token": which, "service_request_id": self.tokens.get(which, "")}
        return "service_requests", "request", [row]

    def _get_servicerequestupdates(self, *_):
        return "service_request_updates", "request_update", self.updates

    def _post_servicerequestupdates(self, _, form, __):
        row = {
            name: form[name] for name in ("service_request_id", "status", "description", "updated_datetime")
        }
        self.updates.append({"update_id": str(len(self.updates) + 1), **row})
        return "service_request_updates", "request_update", [{"update_id": str(len(self.updates))}]


def written(root, item, rows, ext):
    if ext == "json":
        return web.json_response({root: rows})
    inner = "".join(f"<{item}>{_fields(row)}</{item}>" for row in rows)
    text = f'<?xml version="1.0" encoding="utf-8"?><{root}>{inner}</{root}>'
    return web.Response(text=text, content_type="text/xml")


def _fields(row):
    return "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in row.items())


def problem(status, text, **headers):
    body = json.dumps({"errors": [{"code": status, "description": text}]})
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return web.Response(status=status, text=body, content_type="application/json", headers=headers)


@asynccontextmanager
async def fixmystreet() -> AsyncIterator[tuple[FixMyStreet, str]]:
    """Run one on a free port and yield it with the root of its API."""
    city = FixMyStreet()
    server = TestServer(city.app())
    await server.start_server()
    try:
        yield city, str(server.make_url("/api"))
    finally:
        city.hold.set()
        await server.close()
