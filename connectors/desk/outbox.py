"""Sends every step that the desk took to the subscriber, signed, in order, until it arrives.

The outbox is a table, so steps written by another process are sent as well, and none is lost in a crash.
"""

import asyncio
import json
import sqlite3
import time

import aiohttp
import structlog

from connectors.desk.api import wire_update
from connectors.desk.settings import Settings
from connectors.desk.store import Due, Step, Store
from connectors.open311 import update_row, write_time
from connectors.push import signed_headers

log = structlog.get_logger("desk.outbox")

POLL = 0.3  # seconds
_LONGEST_WAIT = 300.0  # seconds between two tries
_TIMEOUT = aiohttp.ClientTimeout(total=10)


async def deliver_for_ever(store: Store, settings: Settings) -> None:
    """Send what is due, every 300 ms, until cancelled."""
    async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
        while True:
            try:
                busy = await _round(store, settings, session)
            except sqlite3.OperationalError as error:
                # The file may be busy for long, or the disk full: that must not end the deliveries.
                log.exception("outbox not readable", error=str(error))
                busy = False
            if not busy:
                await asyncio.sleep(POLL)


async def _round(store: Store, settings: Settings, session: aiohttp.ClientSession) -> bool:
    due = await store.due(time.time())
    for push in due:
        await _deliver(store, settings, session, push)
    return bool(due)


async def _deliver(store: Store, settings: Settings, session: aiohttp.ClientSession, push: Due) -> None:
    error = await _send(settings, session, push.step)
    if not error:
        await store.sent(push.n)
        return
    wait = min(0.5 * 2**push.tries, _LONGEST_WAIT) if push.tries < 20 else _LONGEST_WAIT
    log.warning("push not delivered", update=push.step.id, tries=push.tries + 1, error=error, again_in=wait)
    await store.put_off(push.n, time.time() + wait, error)


async def _send(settings: Settings, session: aiohttp.ClientSession, step: Step) -> str:
    """Return what went wrong, or nothing."""
    body = push_body(step)
    headers = signed_headers(settings.push_secret, step.id, int(time.time()), body)
    headers["Content-Type"] = "application/json"
    try:
        async with session.post(
            settings.push_url, data=body, headers=headers, allow_redirects=False
        ) as answer:
            return "" if answer.status < 300 else f"answered {answer.status}"
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        return type(error).__name__


def push_body(step: Step) -> bytes:
    """Return a step as the body of a push: the envelope of Standard Webhooks around the standard's update."""
    update = wire_update(step)
    body = {
        "type": "service_request.updated",
        "timestamp": write_time(step.at),
        "service_request_updates": [update_row(update)],
    }
    return json.dumps(body, ensure_ascii=False).encode()
