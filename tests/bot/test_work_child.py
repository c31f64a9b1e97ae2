"""How many processes `linli run` works in."""

import os
from pathlib import Path

from bot.settings import load
from bot.work_child import how_many


def test_the_settings_say_how_many(tmp_path: Path):
    toml = tmp_path / "linli.toml"
    toml.write_text("work_processes = 3\n")
    assert how_many(load({}, toml)) == 3
    assert how_many(load({"LINLI_WORK_PROCESSES": "0"}, toml)) == 0


def test_else_one_where_there_is_a_second_core(tmp_path: Path):
    toml = tmp_path / "linli.toml"
    toml.write_text("")
    cores = os.sched_getaffinity(0)
    assert how_many(load({}, toml)) == (1 if len(cores) > 1 else 0)
    try:
        os.sched_setaffinity(0, {min(cores)})
        assert how_many(load({}, toml)) == 0
    finally:
        os.sched_setaffinity(0, cores)
