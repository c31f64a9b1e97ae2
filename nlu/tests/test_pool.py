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


async def reading(lost, silent_s, *answers):
    """Ask a reader that says who it is, and then these answers; return what was read."""
    member = Member(lambda: lost.append(True), silent_s=silent_s)
    ours, theirs = socket.socketpair()
    await member.connect(ours)
    theirs.sendall(said({"process": os.getpid()}) + b"".join(map(said, answers)))
    await member.hello()
    try:
        return await member.read([Asked("3号楼电梯坏了")])
    finally:
        theirs.close()


def test_a_reader_that_hangs_counts_as_gone():
    lost = []
    with pytest.raises(LostError):
        asyncio.run(reading(lost, 0.05))
    assert lost == [True]


def test_a_reader_that_answers_is_kept():
    lost = []
    assert asyncio.run(reading(lost, 30, [b"{}"])) == [b"{}"]
    assert not lost
