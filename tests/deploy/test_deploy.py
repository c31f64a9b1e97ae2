"""The deployment files: valid by what a machine without an engine can tell, and true to the program's own names.

Commands are those of the CLI, variables those of bot/settings.py, ports those that the parts listen on.
"""

import json
import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from itertools import pairwise
from pathlib import Path

import kubernetes_validate
import pytest
import typer
import yaml
from compose_spec import PyCompose

from bot.cli import app
from bot.settings import ENVIRONMENT, load

ROOT = Path(__file__).parent.parent.parent
DEPLOY = ROOT / "deploy"
UNITS = sorted(path for path in (DEPLOY / "systemd").iterdir() if path.suffix != ".env")
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
KUBERNETES = yaml.safe_load((DEPLOY / "kubernetes.yaml").read_text("utf-8"))["items"]
VARIABLES = {*ENVIRONMENT, "LINLI_CONFIG", "RASA_TELEMETRY_ENABLED"}
INSTALLED = "/opt/linli/.venv/bin/linli"


def commands() -> dict[str, set[str]]:
    """The commands of the CLI with their options."""
    group = typer.main.get_command(app)
    found = {}
    for name, command in group.commands.items():
        found[name] = {option for parameter in command.params for option in parameter.opts}
    return found


def require_command(words: list[str]) -> None:
    """A command line of ours is one that the CLI takes."""
    name, *rest = words
    known = commands()
    assert name in known, f"there is no `linli {name}`"
    for word in rest:
        if word.startswith("--"):
            assert word in known[name], f"`linli {name}` has no {word}"


# --- systemd -----------------------------------------------------------------------------------------------


def unit(path: Path) -> ConfigParser:
    parser = ConfigParser(strict=False, interpolation=None, delimiters=("=",), comment_prefixes=("#", ";"))
    parser.optionxform = str
    parser.read_string(path.read_text("utf-8"))
    return parser


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_is_what_systemd_takes(path, tmp_path):
    """By systemd's own word where it is installed, with our command in the place of the installed one."""
    assert {"Unit"} < set(unit(path).sections()) <= {
        "Unit",
        "Service",
        "Timer",
        "Install",
    } or path.suffix == ".target"
    verifier = shutil.which("systemd-analyze")
    if verifier is None:
        return
    for other in UNITS:
        text = other.read_text("utf-8").replace(INSTALLED, str(Path(sys.executable).with_name("linli")))
        (tmp_path / other.name).write_text(text, "utf-8")
    name = path.name.replace("@.", "@1.")
    if name != path.name:
        shutil.copy(tmp_path / path.name, tmp_path / name)
    said = subprocess.run(
        [verifier, "verify", "--man=no", f"./{name}"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )  # fmt: skip
    ours = [line for line in (said.stdout + said.stderr).splitlines() if "linli" in line]
    assert ours == []


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_service_runs_a_command_of_ours_as_nobody_special(path):
    service = unit(path)["Service"]
    words = service["ExecStart"].partition(INSTALLED)[2].strip(" '").split()
    require_command(words)
    assert service["User"] == "linli"
    assert service["UMask"] == "0077"
    assert service["NoNewPrivileges"] == service["PrivateTmp"] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service["CapabilityBoundingSet"] == ""
    assert service["EnvironmentFile"] == "/etc/linli/linli.env"


def test_what_runs_for_ever_is_started_again():
    for path in SERVICES:
        service = unit(path)["Service"]
        assert service.get("Restart") == (None if service["Type"] == "oneshot" else "always")


def test_the_variables_of_the_units_are_ours_and_can_be_read():
    text = (DEPLOY / "systemd" / "linli.env").read_text("utf-8")
    assert set(re.findall(r"^#?([A-Z_]+)=", text, re.MULTILINE)) <= VARIABLES
    given = dict(re.findall(r"^([A-Z_]+)=(.*)$", text, re.MULTILINE))
    settings = load({**given, "LINLI_CONFIG": str(ROOT / "linli.toml.example")})
    assert str(settings.home) == "/var/lib/linli"


# --- compose -----------------------------------------------------------------------------------------------


def test_the_compose_file_follows_the_specification():
    found = PyCompose.from_json(json.dumps(COMPOSE))  # with its merges resolved
    for check in (found.validate, found.validate_networks, found.validate_volumes):
        check()
    assert sorted(found.service_names()) == ["backup", "intake", "nlu", "pages", "redis", "work"]


def test_every_service_of_compose_runs_a_command_of_ours():
    for name, service in COMPOSE["services"].items():
        if service["image"].startswith("linli/"):
            words = service["command"]
            if name == "backup":
                words = words[0].partition("linli ")[2].split()
            require_command(words)


def test_the_variables_of_compose_are_ours_and_those_that_are_asked_for_are_in_the_example():
    asked = set(re.findall(r"\$\{([A-Z_]+)", (DEPLOY / "compose.yaml").read_text("utf-8")))
    example = set(
        re.findall(r"^([A-Z_]+)=", (DEPLOY / "compose.env.example").read_text("utf-8"), re.MULTILINE)
    )
    assert asked == example
    for service in COMPOSE["services"].values():
        assert set(service.get("environment", {})) <= VARIABLES


def test_the_parts_of_compose_find_each_other():
    services = COMPOSE["services"]
    for service in services.values():
        for value in service.get("environment", {}).values():
            for host, port in re.findall(r"://([a-z]+):(\d+)", str(value)):
                assert host in services
                assert port in ports_of(services[host])
        assert set(service.get("depends_on", {})) <= set(services)


def ports_of(service: dict) -> set[str]:
    """Where a service of compose listens: by its variables, its options, or as Redis does."""
    words, env = service.get("command", []), service.get("environment", {})
    given = {words[n + 1] for n, word in enumerate(words) if word == "--port"}
    redis = {"6379"} if words[:1] == ["redis-server"] else set()
    return given | redis | {str(env[name]) for name in ("LINLI_PORT", "LINLI_DESK_PORT") if name in env}


def test_what_compose_opens_is_open_to_this_machine_alone_and_where_somebody_listens():
    for service in COMPOSE["services"].values():
        for port in service.get("ports", ()):
            host, _, inner = port.split(":")
            assert host == "127.0.0.1"
            assert inner in ports_of(service)


def test_what_compose_runs_has_no_rights_that_it_does_not_need():
    for service in COMPOSE["services"].values():
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]


def test_redis_keeps_what_it_has_answered_everywhere():
    stateful = next(one for one in KUBERNETES if one["kind"] == "StatefulSet")
    for words in (COMPOSE["services"]["redis"]["command"], containers(stateful)[0]["command"]):
        said = dict(pairwise(words))
        assert (said["--appendonly"], said["--appendfsync"]) == ("yes", "always")
        assert said["--maxmemory-policy"] == "noeviction"


# --- kubernetes --------------------------------------------------------------------------------------------


def named(one: dict) -> str:
    return f"{one['kind']}-{one['metadata']['name']}"


def template(one: dict) -> dict:
    spec = one["spec"]["jobTemplate"]["spec"] if one["kind"] == "CronJob" else one["spec"]
    return spec["template"]


def containers(one: dict) -> list[dict]:
    return template(one)["spec"]["containers"]


WORKLOADS = [one for one in KUBERNETES if one["kind"] in ("Deployment", "StatefulSet", "CronJob")]
OURS = [one for one in WORKLOADS if containers(one)[0]["image"].startswith("linli/")]


@pytest.mark.parametrize("version", ["1.28", "1.32", "1.34"])
@pytest.mark.parametrize("one", KUBERNETES, ids=named)
def test_a_resource_follows_the_schema_of_kubernetes(one, version):
    kubernetes_validate.validate(one, version, strict=True)


@pytest.mark.parametrize("one", OURS, ids=named)
def test_a_workload_runs_a_command_of_ours(one):
    (container,) = containers(one)
    words = container["args"]
    if container.get("command"):
        words = words[0].partition("linli ")[2].split()
    require_command(words)


@pytest.mark.parametrize("one", WORKLOADS, ids=named)
def test_a_workload_has_no_rights_that_it_does_not_need(one):
    spec = template(one)["spec"]
    assert spec["securityContext"]["runAsNonRoot"]
    assert spec["automountServiceAccountToken"] is False
    for container in spec["containers"]:
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_the_variables_of_kubernetes_are_ours_and_can_be_read():
    given = next(one for one in KUBERNETES if one["kind"] == "ConfigMap")["data"]
    assert set(given) <= VARIABLES
    settings = load({**given, "LINLI_CONFIG": str(ROOT / "linli.toml.example")})
    assert settings.address == "https://linli.example.org"
    for one in OURS:
        assert {each["name"] for each in containers(one)[0].get("env", ())} <= VARIABLES
    # Kubernetes gives every container variables of each service: one of ours would be LINLI_PORT.
    assert "linli" not in {one["metadata"]["name"] for one in KUBERNETES if one["kind"] == "Service"}


def test_every_service_of_kubernetes_has_its_pods_and_every_address_its_service():
    labels = [template(one)["metadata"]["labels"] for one in WORKLOADS]
    services = {one["metadata"]["name"]: one["spec"] for one in KUBERNETES if one["kind"] == "Service"}
    for spec in services.values():
        assert any(spec["selector"].items() <= label.items() for label in labels)
    given = next(one for one in KUBERNETES if one["kind"] == "ConfigMap")["data"]
    for host, port in re.findall(r"://(\w+)\.linli\.svc:(\d+)", " ".join(given.values())):
        assert [one["port"] for one in services[host]["ports"]] == [int(port)]
    for path in re.findall(
        r"'name': '(\w+)', 'port'", str([one for one in KUBERNETES if one["kind"] == "Ingress"])
    ):
        assert path in services


def test_every_selector_finds_its_own_template():
    for one in WORKLOADS:
        if "selector" in one["spec"]:
            wanted = one["spec"]["selector"]["matchLabels"]
            assert wanted.items() <= template(one)["metadata"]["labels"].items()


def test_every_volume_that_is_mounted_is_there():
    claims = {one["metadata"]["name"] for one in KUBERNETES if one["kind"] == "PersistentVolumeClaim"}
    for one in WORKLOADS:
        volumes = {volume["name"]: volume for volume in template(one)["spec"].get("volumes", ())}
        own = {claim["metadata"]["name"] for claim in one["spec"].get("volumeClaimTemplates", ())}
        for container in containers(one):
            assert {mount["name"] for mount in container["volumeMounts"]} <= set(volumes) | own
        for volume in volumes.values():
            if "persistentVolumeClaim" in volume:
                assert volume["persistentVolumeClaim"]["claimName"] in claims


def test_every_probe_asks_a_port_that_is_there():
    for one in WORKLOADS:
        for container in containers(one):
            ports = {port["name"] for port in container.get("ports", ())}
            asked = re.findall(
                r"'port': '(\w+)'", str({k: v for k, v in container.items() if k.endswith("Probe")})
            )
            assert set(asked) <= ports


# --- images ------------------------------------------------------------------------------------------------


def test_the_images_run_commands_of_ours_and_copy_what_is_there():
    lines = re.sub(r"\\\n\s*", " ", (DEPLOY / "Dockerfile").read_text("utf-8")).splitlines()
    for line in lines:
        if line.startswith("CMD"):
            require_command(yaml.safe_load(line.removeprefix("CMD")))
        if line.startswith("COPY") and "--from" not in line:
            assert all((ROOT / source).exists() for source in line.split()[1:-1]), line
    stages = re.findall(r"^FROM (\S+) AS (\S+)", "\n".join(lines), re.MULTILINE)
    targets = {stage for _, stage in stages}
    assert {
        service["build"]["target"] for service in COMPOSE["services"].values() if "build" in service
    } <= targets
    assert sum(line.startswith("USER 10001") for line in lines) == 2
    assert all(base in targets or base.startswith("python:3.11") for base, _ in stages)


def test_secrets_and_the_home_stay_out_of_the_images():
    ignored = set((ROOT / ".dockerignore").read_text("utf-8").split())
    assert {".git", "var", ".venv", "nlu/.venv", "deploy"} <= ignored
