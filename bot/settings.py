"""The settings: the environment and linli.toml, read once by `load`, checked, and frozen.

The environment wins over the file. What is wrong is told in one `SettingsError` that names the line of
the file, or the variable. Nothing is read on import.
"""

import ipaddress
import os
import re
from collections.abc import Iterator, Mapping
from datetime import time, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails

from actions.hierarchy import Hierarchy, Seat, faults
from actions.limits import Limit
from actions.nodes import Node
from actions.orders import Wait, runs
from actions.policy import PRIVATE, Desk, Policy
from actions.verdicts import Keys, Rule
from bot.addresses import RedisUrl, Url
from bot.calendars import WorkingTime
from bot.categories import every_name, groups
from bot.countries import EMERGENCY, ZONES
from bot.fault import fault
from bot.hierarchy_file import import_hierarchy
from bot.kept_days import Retention
from bot.keys import Key, KeyRing
from bot.people import Area, Id, Name, People, Table, Unit, Worker, twice_named
from bot.tokens import Bot, Telegram, read_tokens
from bot.toml_lines import Place, SyntaxFault, read_toml
from bot.written import Written

ENVIRONMENT: dict[str, tuple[str, ...]] = {
    "LINLI_HOME": ("home",),
    "LINLI_HOST": ("host",),
    "LINLI_PORT": ("port",),
    "LINLI_LANG": ("lang",),
    "LINLI_PUBLIC_URL": ("public_url",),
    "LINLI_REDIS_URL": ("redis_url",),
    "LINLI_NLU_URL": ("nlu_url",),
    "LINLI_NLU_PORT": ("nlu_port",),
    "LINLI_DISPATCH_URL": ("dispatch_url",),
    "LINLI_DISPATCH_KEY": ("dispatch_key",),
    "LINLI_DISPATCH_PUSH_SECRET": ("dispatch_push_secret",),
    "LINLI_DISPATCH_JURISDICTION": ("dispatch_jurisdiction",),
    "LINLI_DESK_PORT": ("desk_port",),
    "LINLI_WORK_PROCESSES": ("work_processes",),
    "LINLI_API_KEY": ("api_key",),
    "LINLI_COUNTRY": ("country",),
    "LINLI_TELEGRAM_TOKEN": ("telegram", "token"),
    "LINLI_TELEGRAM_API": ("telegram", "api"),
    "LINLI_TELEGRAM_WEBHOOK": ("telegram", "webhook"),
    "LINLI_TELEGRAM_PER_SECOND": ("telegram", "per_second"),
}
"""Which variable sets which key. `LINLI_CONFIG`, the path of the file, is the only other one."""


class SettingsError(Exception):
    """The settings cannot be used. The text is for the operator: a line a fault, each with its place."""


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("must be a time zone such as Asia/Shanghai") from None
    return name


def _category(code: str) -> str:
    if code not in every_name() and code not in groups():
        raise ValueError(f"there is no category {code}")
    return code


def _clock(value: str) -> str:
    if value:
        try:
            time.fromisoformat(value)
        except ValueError:
            raise ValueError("must be a time of day such as 22:00, or empty for none") from None
    return value


def _time(value: str) -> time | None:
    return time.fromisoformat(value) if value else None


def _limit(text: str) -> str:
    return str(Limit.parse(text))


def _group(chat: str) -> str:
    if re.fullmatch(r"telegram:\d+", chat):
        raise ValueError("must be a group, whose number begins with -, and no person")
    return chat


Lang = Literal["zh_CN", "en"]
Port = Annotated[int, Field(ge=0, le=65535)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Minutes = Annotated[float, Field(gt=0, le=525_600, allow_inf_nan=False)]
Hours = Annotated[float, Field(gt=0, le=744, allow_inf_nan=False)]
Days = Annotated[float, Field(gt=0, le=3650, allow_inf_nan=False)]
Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
PauseSeconds = Annotated[float, Field(ge=0, le=600, allow_inf_nan=False)]
Clock = Annotated[str, AfterValidator(_clock)]
Within = Annotated[str, AfterValidator(_limit)]
Zone = Annotated[str, AfterValidator(_zone)]
_Table = Table


class Emergency(_Table):
    """The numbers to call; `gas` is empty where the country has no number of its own for it."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    fire: Name
    medical: Name
    police: Name
    gas: str = ""


class Rules(_Table):
    """How a grid works: `actions.policy.Policy` as it is written in the file.

    Confidences are from 0 to 1; durations may be fractions.
    """

    file_at_once: bool = True
    report_confidence: Share = 0.5
    unsure_confidence: Share = 0.15
    category_confidence: Share = 0.4
    follow_confidence: Share = 0.2
    kind_confidence: Share = 0.5
    calm_confidence: Share = 0.75
    doubt_minutes: Minutes = 720
    where_minutes: Minutes = 10
    worker_minutes: Minutes = 60
    handling_minutes: Minutes = 1440
    worker_key_minutes: Minutes = 240
    residents_key_minutes: Minutes = 720
    delay_told_seconds: Seconds = 60
    reopen_days: Days = 7
    same_event_hours: Hours = 72
    pause_seconds: PauseSeconds = 45
    share: Share = 0.12
    share_floor: Annotated[int, Field(ge=0, le=10_000)] = 3
    quiet_from: Clock = "22:00"
    quiet_until: Clock = "07:00"
    digest_at: Clock = "18:30"
    supervisor_digest_at: Clock = "08:30"
    worker_digest: bool = False
    backlog_minutes: Minutes = 10
    private_categories: tuple[Annotated[str, AfterValidator(_category)], ...] = PRIVATE
    worker_limit: Within = "4wh"
    accept_limit: Within = "2wd"
    work_limit: Within = "5wd"
    verify_limit: Within = "4wh"
    confirm_limit: Within = "1wd"
    yellow: Share = 0.75
    residents_rule: Rule = Rule.FIRST
    residents_quorum: Annotated[int, Field(ge=1, le=1000)] = 3
    raise_after: Annotated[int, Field(ge=0, le=100)] = 3
    photo_needed: bool = False
    desk: Desk = Desk.GROUP

    def over(self, general: "Rules") -> "Rules":
        """The general rules with what this one states in its place."""
        return general.model_copy(update={name: getattr(self, name) for name in self.model_fields_set})

    def policy(self) -> Policy:
        """The same in the words of what decides."""
        return Policy(
            file_at_once=self.file_at_once,
            report=self.report_confidence,
            category=self.category_confidence,
            unsure=self.unsure_confidence,
            follow=self.follow_confidence,
            kind=self.kind_confidence,
            calm=self.calm_confidence,
            waits={
                wait: timedelta(minutes=getattr(self, f"{wait.value}_minutes") / runs(wait)) for wait in Wait
            },
            delay_told_after=timedelta(seconds=self.delay_told_seconds),
            reopen_within=timedelta(days=self.reopen_days),
            same_event=timedelta(hours=self.same_event_hours),
            pause=timedelta(seconds=self.pause_seconds),
            share=self.share,
            share_floor=self.share_floor,
            quiet_from=_time(self.quiet_from),
            quiet_until=_time(self.quiet_until),
            digest_at=_time(self.digest_at),
            supervisor_digest_at=_time(self.supervisor_digest_at),
            worker_digest=self.worker_digest,
            backlog=timedelta(minutes=self.backlog_minutes),
            private_categories=self.private_categories,
            limits={node: Limit.parse(getattr(self, f"{node.value}_limit")) for node in Node},
            yellow=self.yellow,
            keys=Keys(self.residents_rule, self.residents_quorum, self.raise_after, self.photo_needed),
            desk=self.desk,
        )


class Grid(_Table):
    """A grid, its groups and its people; what it does not state is as in general.

    Where no `workers` are named, the platform's word counts: the administrators of the group.
    """

    id: Name
    name: Name
    groups: tuple[Id, ...] = ()
    workers: People = ()
    lang: Lang | None = None
    area: str = ""
    unit: str = ""
    community: Name | None = None
    staff: Annotated[Id, AfterValidator(_group)] | None = None
    policy: Rules = Rules()

    @field_validator("groups")
    @classmethod
    def _groups_once(cls, groups: tuple[str, ...]) -> tuple[str, ...]:
        if twice := twice_named(groups):
            raise ValueError(f"group {twice} is named twice")
        return groups

    def seat(self) -> Seat:
        """The grid as the hierarchy sees it."""
        return Seat(self.id, self.area, self.unit, tuple(worker.id for worker in self.workers))


def _default_home() -> Path:
    checkout = Path(__file__).resolve().parent.parent
    return (checkout if (checkout / "pyproject.toml").is_file() else Path.cwd()) / "var"


class Settings(_Table):
    """All settings. A service without a URL is embedded; see docs/settings.md for every key."""

    home: Path = Field(default_factory=_default_home)
    host: str = "127.0.0.1"
    port: Port = 8080
    lang: Lang = "zh_CN"
    public_url: Url | None = None
    redis_url: RedisUrl | None = Field(default=None, repr=False)
    nlu_url: Url | None = Field(default=None, repr=False)
    nlu_port: Port = 5005
    dispatch_url: Url | None = Field(default=None, repr=False)
    dispatch_key: SecretStr | None = None
    dispatch_push_secret: SecretStr | None = None
    dispatch_poll_seconds: Seconds = 15
    dispatch_jurisdiction: str | None = None
    dispatch_services: dict[str, Name] = Field(default_factory=dict)
    desk_port: Port = 8311
    work_processes: Annotated[int, Field(ge=0, le=64)] | None = None
    api_key: SecretStr | None = None
    keys: KeyRing = Field(default=(), alias="key")
    hosts: tuple[Name, ...] = ()
    country: str = "CN"
    timezone: Zone = "Asia/Shanghai"
    emergency: Emergency = Field(default_factory=lambda: Emergency(**EMERGENCY["CN"]))
    telegram: Telegram = Telegram()
    policy: Rules = Rules()
    calendar: WorkingTime = WorkingTime()
    retention: Retention = Retention()
    grids: tuple[Grid, ...] = Field(default=(), alias="grid")
    areas: tuple[Area, ...] = Field(default=(), alias="area")
    units: tuple[Unit, ...] = Field(default=(), alias="unit")
    hierarchy: Path | None = None

    @model_validator(mode="before")
    @classmethod
    def _numbers_of_the_country(cls, raw: dict[str, Any]) -> dict[str, Any]:
        given = raw.get("emergency", {})
        if not isinstance(given, dict):
            return raw
        country = str(raw.get("country", "CN")).upper()
        numbers = {**EMERGENCY.get(country, {}), **given}
        if not numbers.keys() >= {"fire", "medical", "police"}:
            known = ", ".join(EMERGENCY)
            raise fault(f"state fire, medical and police in [emergency], or use one of {known}", "country")
        zone = {"timezone": ZONES[country]} if country in ZONES else {}
        return {**zone, **raw, "emergency": numbers}

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return home.expanduser().absolute()

    @field_validator("grids")
    @classmethod
    def _one_grid_a_group(cls, grids: tuple[Grid, ...]) -> tuple[Grid, ...]:
        ids: set[str] = set()
        grid_of: dict[str, str] = {}
        for at, grid in enumerate(grids):
            if grid.id in ids:
                raise fault(f"there is a grid {grid.id} above", "grid", at, "id")
            ids.add(grid.id)
            for group in grid.groups:
                if group in grid_of:
                    raise fault(f"group {group} is in grid {grid_of[group]} already", "grid", at, "groups")
                grid_of[group] = grid.id
        return grids

    @model_validator(mode="after")
    def _staff_groups(self) -> "Settings":
        grid_of = {group: grid.id for grid in self.grids for group in grid.groups}
        for at, grid in enumerate(self.grids):
            if grid.staff and grid.staff in grid_of:
                told = f"{grid.staff} is a residents' group, of grid {grid_of[grid.staff]}"
                raise fault(told, "grid", at, "staff")
            if grid.staff is None and grid.policy.over(self.policy).desk is Desk.STAFF:
                raise fault('desk = "staff" needs the id of the staff group here', "grid", at, "staff")
        return self

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def address(self) -> str:
        """The URL at which people reach the server, without a slash at its end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url or f"http://{host}:{self.port}"

    def tree(self) -> Hierarchy:
        """Who is above whom."""
        areas, units = (area.plain() for area in self.areas), (unit.plain() for unit in self.units)
        return Hierarchy(tuple(areas), tuple(units))

    def grid(self, name: str) -> Grid | None:
        """The grid of this id."""
        return next((grid for grid in self.grids if grid.id == name), None)

    def grid_of(self, group: str) -> Grid | None:
        """The grid that the group belongs to, if the file names it."""
        return next((grid for grid in self.grids if group in grid.groups), None)


def load(
    env: Mapping[str, str] | None = None, path: Path | None = None, *, hierarchy: Path | None = None
) -> Settings:
    """The settings, out of the environment, linli.toml and the file of the hierarchy.

    The file is `path`, or what LINLI_CONFIG names, or ./linli.toml where there is one; `hierarchy` stands for the
    one that it names. Raises `SettingsError`.
    """
    env = os.environ if env is None else env
    file, needed = config_path(env) if path is None else (path, True)
    text = _text(file, needed=needed)
    try:
        raw = read_toml(text)
    except SyntaxFault as fault:
        raise SettingsError(f"{file.name} line {fault.line}: {fault}") from None
    written = Written(file.name, text, _put_environment(raw, env))
    told = [*read_tokens(raw, file, written, env), *import_hierarchy(raw, file, written, hierarchy)]
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)
        told += [_told(fault, written) for fault in wrong]
    else:
        told += _told_of_hierarchy(settings, written)
    if told:
        raise SettingsError("\n".join(sorted(told, key=_numbered)))
    return settings


def config_path(env: Mapping[str, str]) -> tuple[Path, bool]:
    """Where linli.toml is, and whether it must be there."""
    named = env.get("LINLI_CONFIG")
    return Path(named or "linli.toml"), bool(named)


def _text(path: Path, *, needed: bool) -> str:
    try:
        return path.read_text("utf-8-sig")
    except FileNotFoundError:
        if needed:
            raise SettingsError(f"{path}: there is no such file") from None
        return ""
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise SettingsError(f"{path.name} line {line}: this is not UTF-8 text") from None
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from None


def _put_environment(raw: dict[str, Any], env: Mapping[str, str]) -> dict[Place, str]:
    """Put the variables in the place of the file's keys; which variable each place now comes from."""
    origins: dict[Place, str] = {}
    for variable, place in ENVIRONMENT.items():
        if value := env.get(variable, "").strip():
            table = raw
            for key in place[:-1]:
                table = table.setdefault(key, {})
            if isinstance(table, dict):
                table[place[-1]] = value
                origins[place] = variable
    return origins


def _told(fault: ErrorDetails, written: Written) -> str:
    place = fault.get("ctx", {}).get("place") or fault["loc"]
    return f"{written.where(place)}: {_reason(fault)}"


def _numbered(told: str) -> tuple[str, int]:
    """File and line of what is told, so that whoever mends it goes through the file once."""
    found = re.match(r"(.+?) (?:line|row) (\d+)", told)
    return (found[1], int(found[2])) if found else ("", 0)


def _told_of_hierarchy(settings: Settings, written: Written) -> list[str]:
    tree, seats = settings.tree(), [grid.seat() for grid in settings.grids]
    found = faults(tree.areas, tree.units, seats)
    return [f"{written.where((fault.kind, fault.at, fault.key))}: {fault.text}" for fault in found]


def _reason(fault: ErrorDetails) -> str:
    place, kind = fault["loc"], fault["type"]
    if kind == "extra_forbidden":
        return _unknown_key(place)
    if kind == "string_pattern_mismatch":
        return "must be an id with its platform, such as telegram:-1001234567890"
    if kind == "missing":
        return "this key is needed"
    message = fault["msg"].removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


def _unknown_key(place: Place) -> str:
    allowed = list(_keys(_model_at(place[:-1])))
    near = get_close_matches(str(place[-1]), allowed, 1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return f"unknown key{hint}; allowed keys: {', '.join(allowed)}"


def _model_at(place: Place) -> type[BaseModel]:
    tables: dict[str | int, type[BaseModel]] = {
        "telegram": Telegram,
        "bots": Bot,
        "policy": Rules,
        "emergency": Emergency,
        "calendar": WorkingTime,
        "retention": Retention,
        "key": Key,
        "grid": Grid,
        "area": Area,
        "unit": Unit,
        "workers": Worker,
        "supervisors": Worker,
    }
    names = [part for part in place if isinstance(part, str)]
    return tables[names[-1]] if names else Settings


def _keys(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield field.alias or name
