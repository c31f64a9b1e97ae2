"""The memory of the process behind a URL, by /proc."""

import os
import socket
import sys

import pytest

from bench import machine

INODE, PORT = 4711, 5005


@pytest.fixture
def proc(tmp_path):
    """A /proc in which process 42 listens on a port, and process 7 does not."""
    for number, kb, target in ((7, 900_000, "socket:[1]"), (42, 300_000, f"socket:[{INODE}]")):
        (tmp_path / str(number) / "fd").mkdir(parents=True)
        (tmp_path / str(number) / "fd" / "3").symlink_to(target)
        (tmp_path / str(number) / "status").write_text(f"Name:\tpython\nVmHWM:\t  {kb} kB\n")
    row = f"0: 0100007F:{PORT:04X} 00000000:0000 0A 0:0 00:0 0 0 0 {INODE} 1"
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "tcp").write_text(f"head\n{row}\n")
    return tmp_path


def test_the_memory_is_that_of_the_process_that_listens(proc):
    assert machine.peak_memory_mb(f"http://127.0.0.1:{PORT}", proc) == pytest.approx(307.2)


@pytest.mark.parametrize("url", ["http://127.0.0.1:5006", "http://nlu.example.org:5005", "http://127.0.0.1"])
def test_a_server_that_is_not_here_is_not_measured(proc, url):
    assert machine.peak_memory_mb(url, proc) is None


def test_a_system_without_proc_is_not_measured(tmp_path):
    assert machine.peak_memory_mb("http://127.0.0.1:5005", tmp_path / "none") is None


def test_the_machine_says_its_cores():
    assert machine.described().startswith(f"{os.cpu_count()} cores, ")


if sys.platform == "linux":

    def test_a_listening_process_is_found_on_this_machine():
        with socket.create_server(("127.0.0.1", 0)) as server:
            found = machine.peak_memory_mb(f"http://127.0.0.1:{server.getsockname()[1]}")

        assert found
        assert found > 10
