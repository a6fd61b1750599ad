"""What is in the code stands in the documents."""

import inspect
from pathlib import Path

import pytest
import typer
from service_factories import load_tiny_desk

from api import errors as edge_errors
from api.app import create_app
from api.cli.main import app as cli
from api.errors import STATUS
from api.reference import describe_api
from api.settings import Settings
from triage.roles import Scope

DOCS = Path(__file__).parent.parent / "docs"


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def test_every_route_is_documented(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, database_url=f"sqlite:///{tmp_path / 'docs.db'}")
    app = create_app(settings, desk=load_tiny_desk())
    app.state.service.close()
    for path, operations in describe_api(app)["paths"].items():
        for method in operations:
            assert f"`{method.upper()} {path}`" in read("api.md")


@pytest.mark.parametrize("code", [code for _, code in STATUS.values()])
def test_every_error_is_documented_with_its_status(code: str) -> None:
    lines = [line for line in read("api.md").splitlines() if f"`{code}`" in line]
    statuses = {str(status) for status, known in STATUS.values() if known == code}
    assert any(line.startswith(f"| {status} ") for status in statuses for line in lines)


def test_every_error_that_routing_gives_is_documented() -> None:
    for code in ("bad_request", *(code for code, _ in edge_errors.ROUTING.values())):
        assert f"`{code}`" in read("api.md")


def test_every_error_class_of_the_edge_is_drawn_in_its_tree() -> None:
    for kind in STATUS:
        module = inspect.getmodule(kind)
        assert module is not None
        assert kind.__name__ in (module.__doc__ or "")


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_every_setting_is_documented(name: str) -> None:
    assert f"`TRIAGE_{name.upper()}`" in read("operations.md")


@pytest.mark.parametrize("scope", list(Scope))
def test_every_scope_is_documented(scope: Scope) -> None:
    assert f"| `{scope}` |" in read("api.md")


def list_commands() -> list[str]:
    def walk(command: object, name: str) -> list[str]:
        inner = getattr(command, "commands", None)
        if inner is None:
            return [name]
        return [line for key, part in inner.items() for line in walk(part, f"{name} {key}")]

    return walk(typer.main.get_command(cli), "triage")


@pytest.mark.parametrize("command", list_commands())
def test_every_command_is_documented(command: str) -> None:
    assert command in read("cli.md")
