"""The TCP proxy of the fault suite: what it passes, holds up and breaks."""

import asyncio
from contextlib import suppress

import pytest

from tests.chaos.proxy import TcpProxy


@pytest.fixture
async def echo():
    answering = []

    async def answer(reader, writer):
        answering.append(asyncio.current_task())
        with suppress(ConnectionError):
            while line := await reader.readline():
                writer.write(line)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with TcpProxy(("127.0.0.1", server.sockets[0].getsockname()[1])) as proxy:
        yield proxy
    server.close()
    await asyncio.gather(*answering)


async def closed(writer):
    writer.transport.abort()
    await asyncio.sleep(0.01)  # the socket goes with the loop's next turns


async def asked(reader, writer, words=b"hello\n", within=5.0):
    writer.write(words)
    return await asyncio.wait_for(reader.readline(), within)


async def test_it_passes_on_in_both_directions(echo):
    reader, writer = await asyncio.open_connection("127.0.0.1", echo.port)
    assert await asked(reader, writer) == b"hello\n"
    await closed(writer)


async def test_what_it_cuts_is_gone_and_who_comes_anew_is_served(echo):
    reader, writer = await asyncio.open_connection("127.0.0.1", echo.port)
    await asked(reader, writer)
    assert echo.cut() == 1
    with pytest.raises(ConnectionResetError):
        await reader.readline()
    await closed(writer)
    reader, writer = await asyncio.open_connection("127.0.0.1", echo.port)
    assert await asked(reader, writer) == b"hello\n"
    await closed(writer)


async def test_what_it_freezes_comes_when_it_thaws(echo):
    reader, writer = await asyncio.open_connection("127.0.0.1", echo.port)
    echo.freeze()
    with pytest.raises(TimeoutError):
        await asked(reader, writer, within=0.2)
    echo.thaw()
    assert await asyncio.wait_for(reader.readline(), 5) == b"hello\n"
    await closed(writer)


async def test_it_delays_every_piece(echo):
    echo.delay = 0.1
    reader, writer = await asyncio.open_connection("127.0.0.1", echo.port)
    begun = asyncio.get_running_loop().time()
    await asked(reader, writer)
    assert asyncio.get_running_loop().time() - begun >= 0.2
    await closed(writer)
