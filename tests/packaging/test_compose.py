"""docker-compose.yml keeps the Compose Specification, and names only what exists."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from ragkit.settings import PLAIN_VARIABLES, known_keys


@pytest.fixture(scope="module")
def compose(root: Path) -> dict[str, Any]:
    """docker-compose.yml, each ``${NAME:-default}`` replaced by its default."""
    text = re.sub(r"\$\{[A-Z_]+:-([^}]*)\}", r"\1", (root / "docker-compose.yml").read_text("utf-8"))
    assert "${" not in text
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


@pytest.fixture(scope="module")
def dockerfile(root: Path) -> str:
    """The Dockerfile, continued lines joined."""
    return (root / "Dockerfile").read_text("utf-8").replace("\\\n", " ")


def test_it_keeps_the_compose_specification(compose: dict[str, Any]) -> None:
    """The file is valid by the specification's own JSON schema."""
    schema = json.loads((files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(compose)


def test_every_service_has_a_health_check(compose: dict[str, Any]) -> None:
    """A service is healthy when it answers, not when its process runs."""
    assert all(service["healthcheck"]["test"][0] == "CMD" for service in compose["services"].values())


def test_postgres_is_opt_in(compose: dict[str, Any]) -> None:
    """Without a profile only the interface starts, and it does not wait for the database."""
    services = compose["services"]
    assert [name for name, service in services.items() if not service.get("profiles")] == ["app"]
    assert services["app"]["depends_on"]["catalog"]["required"] is False


def test_nothing_is_published_beyond_this_machine(compose: dict[str, Any]) -> None:
    """Every published port is bound to the loopback address."""
    ports = [port for service in compose["services"].values() for port in service.get("ports", ())]
    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_every_path_and_volume_exists(compose: dict[str, Any], root: Path) -> None:
    """What is mounted is a declared volume or a folder of the project; the build's folder has a Dockerfile."""
    for service in compose["services"].values():
        for mount in service.get("volumes", ()):
            source = mount.split(":")[0]
            assert (root / source).is_dir() if source.startswith(".") else source in compose["volumes"], mount
        if "build" in service:
            assert (root / service["build"] / "Dockerfile").is_file()


def test_every_command_exists(compose: dict[str, Any], dockerfile: str) -> None:
    """What the image and the service run is a command of ragkit's command line."""
    from ragkit.cli.reference import commands

    known = {name.split()[0] for name, _ in commands()}
    started = [compose["services"]["app"]["command"], json.loads(re.findall(r"^CMD (.*)$", dockerfile, re.MULTILINE)[0])]
    for program, command, *_ in started:
        assert program == "ragkit"
        assert command in known


def test_every_variable_is_known(compose: dict[str, Any]) -> None:
    """Each RAGKIT_ variable that the service sets is a setting, or names the store."""
    settings = {"RAGKIT_" + key.upper().replace(".", "__") for key in known_keys()} | set(PLAIN_VARIABLES)
    given = compose["services"]["app"]["environment"]
    assert [name for name in given if name.startswith("RAGKIT_") and name not in settings] == []


def test_everything_copied_into_the_image_exists(dockerfile: str, root: Path) -> None:
    """Each source of a COPY stands in the project and is let through by .dockerignore."""
    allowed = {line[1:] for line in (root / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    copied = {name for line in re.findall(r"^COPY (?!--from)(.*)$", dockerfile, re.MULTILINE) for name in line.split()[:-1]}
    assert {name for name in copied if not name.endswith("*") and not (root / name).exists()} == set()
    assert {name.rstrip("*") for name in copied} <= allowed


def test_the_image_is_built_with_what_the_project_names(dockerfile: str, project: dict[str, Any]) -> None:
    """The licence, the notice, the page that describes the project, and each of the four folders are copied in."""
    copied = {name.rstrip("*") for line in re.findall(r"^COPY (?!--from)(.*)$", dockerfile, re.MULTILINE) for name in line.split()}
    named = {*project["project"]["license-files"], project["project"].get("readme", "LICENSE")}
    assert {*named, *project["tool"]["setuptools"]["package-dir"].values()} <= copied


def test_the_image_starts_from_the_pinned_versions(dockerfile: str) -> None:
    """Every installation in the image is held to constraints.txt."""
    installs = re.findall(r"pip install (.*?)(?:&&|$)", dockerfile, re.MULTILINE)
    assert installs
    assert [line for line in installs if "-c constraints.txt" not in line] == []
