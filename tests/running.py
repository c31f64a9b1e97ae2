"""The real program for tests: `linli run` as a process of its own, with its own Redis and desk, on free ports.

    async with running_linli(tmp_path, nlu_url=nlu) as linli:
        wang = await linli.web_person("王阿姨")
        await wang.say("3号楼2单元电梯又坏了")
        case = await linli.one_case("web:demo", stage="open")
        await linli.desk_set(case["ticket"], "accepted")

Every wait has a deadline; when the context ends, the program is stopped, and nothing of it may be left running.
"""

import asyncio
import json
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Self

import aiohttp

from bot.log import log_path
from connectors.tcp_port import free_port
from tests.scenarios.web_person import WebPerson
from tests.telegram_simulator import TelegramSimulator

ROOT = Path(__file__).parent.parent
LINLI = Path(sys.executable).with_name("linli")
STARTS_WITHIN, COMES_TRUE_WITHIN, STOPS_WITHIN = 60.0, 20.0, 15.0  # seconds
Json = dict[str, Any]


async def until(holds: Callable[[], Awaitable[Any]], what: str, seconds: float = COMES_TRUE_WITHIN) -> Any:
    """Ask until the answer is true, and give it; AssertionError after the deadline."""
    deadline = time.monotonic() + seconds
    while not (answer := await holds()):
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        await asyncio.sleep(0.05)
    return answer


class RunningLinli:
    """One `linli run`. `url` is its page, `desk` the desk's; `lines` are what it printed since its last start."""

    def __init__(self, home: Path, env: dict[str, str], starts_within: float) -> None:
        self.home, self.env, self._starts_within = home, env, starts_within
        self.url = f"http://127.0.0.1:{env['LINLI_PORT']}"
        self.desk = f"http://127.0.0.1:{env['LINLI_DESK_PORT']}"
        self.lines: list[str] = []
        cookies = aiohttp.CookieJar(unsafe=True)  # of an address without a name, too
        self.http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10), cookie_jar=cookies)
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._people: list[WebPerson] = []

    # --- its life ---

    async def start(self) -> Self:
        """Start, and wait until it calls itself ready and has printed its links."""
        self.lines = []
        self._process = await asyncio.create_subprocess_exec(
            LINLI, "run", env=self.env, cwd=self.home.parent, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        self._reading = asyncio.create_task(self._read(self._process))
        try:
            await until(self._is_started, f"{LINLI.name} run is ready", self._starts_within)
        except AssertionError as late:
            raise AssertionError("\n".join([str(late), *self.lines[-30:]])) from None
        return self

    async def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop it as an operator would; it ends well, in time, and leaves nothing running."""
        if self._process is None:
            return
        family = self.family()
        self._process.send_signal(how)
        try:
            code = await asyncio.wait_for(self._process.wait(), STOPS_WITHIN)
        finally:
            await self._ended(family)
        assert code == 0, "\n".join([f"it ended with {code}", *self.lines[-30:]])
        assert [pid for pid in family if lives(pid)] == [], "it left something running"

    async def kill9(self) -> None:
        """End the bot's process alone, as a crash would; its children must not outlive it."""
        assert self._process
        family = self.family()
        self._process.kill()
        await self._process.wait()
        await until(_true_when(lambda: not any(map(lives, family))), "the children ended with it", 10)
        await self._ended(family)

    async def restart(self) -> Self:
        """Start again on the same home and ports."""
        return await self.start()

    async def close(self) -> None:
        """End everything, whatever happened before."""
        await asyncio.gather(*(person.close() for person in self._people))
        await self.http.close()
        await self.stop()

    async def kill_child(self, name: str) -> None:
        """End one of its children (a word of its command line) as a crash would."""
        mine = [pid for pid in self.family() if name in _command(pid)]
        assert mine, f"no {name} runs"
        for pid in mine:
            os.kill(pid, signal.SIGKILL)

    def family(self) -> list[int]:
        """The program's process and all below it."""
        found = [self._process.pid] if self._process else []
        parents = _parents()
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid]
        return found

    async def _ended(self, family: list[int]) -> None:
        for pid in family:  # what a failing test leaves must not disturb the others
            if lives(pid) and self._process and self._process.returncode is None:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        if self._process:
            await self._process.wait()
        if self._reading:
            await asyncio.wait([self._reading], timeout=5)
        self._process = None

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout
        while line := await process.stdout.readline():
            self.lines.append(line.decode(errors="replace").rstrip())

    async def _is_started(self) -> bool:
        assert self._process
        assert self._process.returncode is None, "\n".join(["it ended", *self.lines[-30:]])
        if not any("Ctrl-C" in line for line in self.lines):
            return False
        with suppress(aiohttp.ClientError, TimeoutError):
            async with self.http.get(f"{self.url}/readyz") as answer:
                return answer.status == 200
        return False

    # --- what it says ---

    def link(self, label: str) -> str:
        """The address that it printed beside this label (`desk`, `console`, `group`)."""
        for line in self.lines:
            if label in line and (found := re.search(r"http\S+", line)):
                return found[0]
        raise AssertionError(f"no address of {label!r} among {self.lines}")

    async def cases(self, group: str) -> list[Json]:
        """The group's cases, oldest first, out of /api/cases."""

        async def asked() -> Json | None:
            async with self.http.get(f"{self.url}/api/cases", params={"group": group}) as answer:
                if answer.status == 503:
                    return None  # Redis is being started again
                assert answer.status == 200, await answer.text()
                return dict(await answer.json())

        return list((await until(asked, "the cases are given"))["cases"])

    async def one_case(self, group: str, **wanted: Any) -> Json:
        """The group's only case, once it is as wanted (`stage="open"`, `disputes=1` …)."""
        seen: list[Json] = []

        async def fits() -> Json | None:
            with suppress(aiohttp.ClientError, TimeoutError):
                seen[:] = await self.cases(group)
            assert len(seen) <= 1, f"more than one case: {seen}"
            return next((case for case in seen if wanted.items() <= case.items()), None)

        try:
            return await until(fits, f"a case that has {wanted}")
        except AssertionError as late:
            raise AssertionError(f"{late}; there is {seen}") from None

    async def tickets(self) -> list[Json]:
        """All tickets of the desk, over its Open311."""
        async with self.http.get(f"{self.desk}/open311/v2/requests.json") as answer:
            assert answer.status == 200, await answer.text()
            return list(await answer.json())

    async def desk_page(self) -> str:
        """What the desk's page shows a dispatcher, who has come in by the printed link."""
        for address in (f"{self.desk}/?state=all", self.link("desk"), f"{self.desk}/?state=all"):
            async with self.http.get(address) as page:
                if page.status == 200 and "login" not in address:
                    return await page.text()
        raise AssertionError("the desk's link does not open its page")

    async def desk_set(self, ticket: str, status: str, note: str = "") -> None:
        """What a dispatcher does, by the command line."""
        asked = await asyncio.create_subprocess_exec(
            LINLI, "desk", "set", ticket, status, "--note", note, env=self.env, cwd=self.home.parent,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await asked.communicate()
        assert asked.returncode == 0, said.decode()

    def logged(self, event: str) -> list[Json]:
        """The records of one kind in the log."""
        records = [json.loads(line) for line in log_path(self.home).read_text("utf-8").splitlines()]
        return [record for record in records if record.get("event") == event]

    # --- who comes ---

    async def web_person(self, name: str, role: str = "resident", group: str = "demo") -> WebPerson:
        """Somebody at the page of a browser group, who speaks over the page's own WebSocket."""
        person = WebPerson(self.url, group, name, role)
        self._people.append(person)
        await person.come()
        return person


@asynccontextmanager
async def running_linli(
    home: Path,
    *,
    nlu_url: str | None = None,
    telegram: TelegramSimulator | None = None,
    env: dict[str, str] | None = None,
    toml: str = "",
    webhook: bool = False,
    starts_within: float = STARTS_WITHIN,
) -> AsyncIterator[RunningLinli]:
    """Run it on a home of its own below `home`; without `nlu_url` with its own NLU too."""
    given = _environment(home / "linli", nlu_url, telegram)
    if webhook:
        given["LINLI_TELEGRAM_WEBHOOK"] = f"http://127.0.0.1:{given['LINLI_PORT']}"
    (home / "linli.toml").write_text(at_any_hour(toml), "utf-8")
    given["LINLI_CONFIG"] = str(home / "linli.toml")
    linli = RunningLinli(home / "linli", given | (env or {}), starts_within)
    try:
        await linli.start()
        yield linli
    finally:
        await linli.close()


def at_any_hour(toml: str) -> str:
    """The settings without quiet hours: a story must not depend on the time of day at which it is told."""
    policy = '[policy]\nquiet_from = ""\ndigest_at = ""\nsupervisor_digest_at = ""\n'
    return toml.replace("[policy]\n", policy) if "[policy]" in toml else f"{toml}\n{policy}"


def _environment(home: Path, nlu_url: str | None, telegram: TelegramSimulator | None) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("LINLI_")}
    ports = {
        name: str(free_port("127.0.0.1")) for name in ("LINLI_PORT", "LINLI_DESK_PORT", "LINLI_NLU_PORT")
    }
    nlu = {"LINLI_NLU_URL": nlu_url} if nlu_url else {}
    chat = {"LINLI_TELEGRAM_TOKEN": telegram.token, "LINLI_TELEGRAM_API": telegram.url} if telegram else {}
    return {**ours, **ports, **nlu, **chat, "LINLI_HOME": str(home), "PYTHONUNBUFFERED": "1"}


# --- processes ---


def lives(pid: int) -> bool:
    """Whether the process runs; one that is dead and not yet fetched does not."""
    return _stat(pid)[:1] not in ([], ["Z"])


def _true_when(holds: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    async def asked() -> bool:
        return holds()

    return asked


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _parents() -> dict[int, int]:
    pids = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
    return {pid: int(stat[1]) for pid in pids if (stat := _stat(pid))}


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:
        return ""
