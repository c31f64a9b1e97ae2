"""Rules of the pool: what becomes of a reader that says nothing any more."""

import asyncio
import os
import pickle
import socket

import pytest
from asked import Asked
from desk import LostError
from pool import Member


def said(what):
    """Return it as a reader would send it."""
    body = pickle.dumps(what)
    return len(body).to_bytes(4, "big") + body


def test_a_reader_that_hangs_counts_as_gone():
    async def check():
        lost = []
        member = Member(lambda: lost.append(True), silent_s=0.05)
        ours, theirs = socket.socketpair()
        await member.connect(ours)
        theirs.sendall(said({"process": os.getpid()}))
        await member.hello()
        with pytest.raises(LostError):
            await member.read([Asked("3号楼电梯坏了")])
        theirs.close()
        assert lost == [True]

    asyncio.run(check())


def test_a_reader_that_answers_is_kept():
    async def check():
        lost = []
        member = Member(lambda: lost.append(True), silent_s=30)
        ours, theirs = socket.socketpair()
        await member.connect(ours)
        theirs.sendall(said({"process": os.getpid()}) + said([b"{}"]))
        await member.hello()
        assert await member.read([Asked("3号楼电梯坏了")]) == [b"{}"]
        theirs.close()
        assert not lost

    asyncio.run(check())
