"""The readers: `python -m readers --sockets FD …` reads for the server (pool.py), a process a socket.

The first loads the model, after training it where it is not there; the others are its forks. All end when the
server hangs up.
"""

import argparse
import gc
import json
import os
import pickle
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any, Protocol

_AVX512 = ("avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl")
# The batches are small, and there is a reader a core: more threads of linear algebra only fight over them.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
# AMD's processors have AVX-512 for longer than the OpenBLAS of numpy 1.23 looks for it there.
_PROCESSOR = Path("/proc/cpuinfo")
if _PROCESSOR.exists() and {"AuthenticAMD", *_AVX512} <= set(_PROCESSOR.read_text("utf-8").split()):
    os.environ.setdefault("OPENBLAS_CORETYPE", "SkylakeX")

import ujson  # noqa: E402 (it comes with Rasa's server, and is twice as fast)
from asked import Asked  # noqa: E402

_HEAD = 4  # bytes that say how many follow


class Reads(Protocol):
    """Whatever turns messages into readings (reader.Reader)."""

    def read(self, asked: list[Asked]) -> list[dict[str, Any]]:
        """Return a reading for each message, in the same order."""


def log(event: str, **fields: Any) -> None:
    """Write one line of JSON to stderr; never the text of a message."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    print(
        json.dumps({"at": stamp, "event": event, **fields}, ensure_ascii=False), file=sys.stderr, flush=True
    )


def written(reader: Reads, asked: list[Asked]) -> list[bytes | None]:
    """Return the readings of a batch in JSON; when it fails, each message alone, so that one cannot spoil the others."""
    try:
        return [ujson.dumps(said).encode() for said in reader.read(asked)]
    except Exception as wrong:  # noqa: BLE001 (whatever it is, the asker is told)
        log("unread", messages=len(asked), error=type(wrong).__name__)
        return [None] if len(asked) == 1 else [written(reader, [one])[0] for one in asked]


def serve(sock: socket.socket, reader: Reads, about: dict[str, Any]) -> None:
    """Say hello, then read what comes until the other side hangs up."""
    with sock, sock.makefile("rwb") as stream:
        _send(stream, {**about, "process": os.getpid()})
        while head := stream.read(_HEAD):
            asked = [Asked(*one) for one in pickle.loads(stream.read(int.from_bytes(head, "big")))]  # noqa: S301 (the server wrote it)
            _send(stream, written(reader, asked))


def _send(stream: Any, what: Any) -> None:
    body = pickle.dumps(what)
    stream.write(len(body).to_bytes(_HEAD, "big") + body)
    stream.flush()


def _own(sockets: list[socket.socket]) -> socket.socket:
    """Fork until there is a process a socket; return the one that is for this process."""
    gc.collect()
    gc.freeze()  # a collection would write to every object, and so copy what could be shared
    for sock in sockets[1:]:
        if os.fork() == 0:
            for other in sockets:
                if other is not sock:
                    other.close()
            return sock
    for other in sockets[1:]:
        other.close()
    return sockets[0]


def main() -> int:
    """Load the model and read; 1 when there is none."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sockets", type=int, nargs="+", required=True)
    parser.add_argument("--model", type=Path)
    arguments = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server is told, and ends us
    sockets = [socket.socket(fileno=number) for number in arguments.sockets]
    import examples
    import reader
    import train

    try:
        loaded = reader.Reader(arguments.model or train.ensure())
    except (OSError, examples.BadExampleError) as wrong:
        print(wrong, file=sys.stderr)
        return 1
    about = {"model": loaded.model.name, "loaded_at": loaded.loaded_at, "linking": loaded.linking}
    try:
        serve(_own(sockets), loaded, about)
    except BrokenPipeError:  # the server has gone meanwhile
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
