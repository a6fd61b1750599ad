"""What is installed with pip is whole: it must not lean on the checkout it was built from."""

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("triage", "training", "models", "api")
LOCKS = ("requirements.lock", "requirements-dev.lock")


def read_lock(name: str) -> set[str]:
    lines = (ROOT / name).read_text("utf-8").splitlines()
    return {normal(re.split(r"==|;", line)[0]) for line in lines if "==" in line}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~; ]", name)[0]).lower()


def project() -> dict[str, object]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def test_every_dependency_is_pinned() -> None:
    extras = project()["optional-dependencies"]
    runtime = {normal(name) for name in (*project()["dependencies"], *extras["postgres"])}
    assert runtime <= read_lock("requirements.lock")
    dev = {normal(name) for name in (*extras["dev"], *extras["train"])} - {"minsheng-triage"}
    assert runtime | dev <= read_lock("requirements-dev.lock")


def test_both_locks_pin_the_same_versions() -> None:
    runtime, dev = ((ROOT / name).read_text("utf-8").splitlines() for name in LOCKS)
    assert set(runtime) <= set(dev)


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_place_of_the_machine_that_made_it(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert "://" not in text
    assert "/" not in text


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the built wheel unpacked in it."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def run_installed(installed: Path, code: str) -> str:
    """What `code` prints where only the unpacked wheel has the packages."""
    environment = {**os.environ, "PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=installed.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_wheel_holds_every_file_of_the_packages(installed: Path) -> None:
    missing = [
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file()
        and "__pycache__" not in path.parts
        and not (installed / path.relative_to(ROOT)).is_file()
    ]
    assert missing == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "triage/data/taxonomies/letters.csv",
        "triage/data/dispatch.toml",
        "triage/ledger/migrations/env.py",
        "triage/py.typed",
        "api/static",
        "models/default",
        "training/corpus/seed.jsonl",
    ],
)
def test_the_wheel_holds_what_the_product_cannot_do_without(installed: Path, name: str) -> None:
    assert (installed / name).exists()


@pytest.mark.slow
def test_the_wheel_works_where_the_checkout_is_not(installed: Path) -> None:
    code = """
import api, triage
from triage.taxonomy import load_taxonomy
print(triage.__file__)
print(len(load_taxonomy("letters")), len(load_taxonomy("db44t2479")))
from api.cli.main import run
print(run(["version"]))
"""
    file, leaves, version, status = run_installed(installed, code).splitlines()
    assert Path(file).is_relative_to(installed)
    assert leaves == "517 515"
    assert (version, status) == (project()["version"], "0")


@pytest.mark.slow
def test_the_wheel_brings_the_model_and_the_tables(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("编号,标题\n1,路灯不亮\n", encoding="utf-8")
    code = f"""
import os, sys
os.environ["TRIAGE_DATABASE_URL"] = "sqlite:///{tmp_path}/town.db"
from api.cli.main import run
print(run(["db", "upgrade"]))
print(run(["classify", r"{tmp_path}/in.csv", "-o", r"{tmp_path}/out.jsonl"]))
"""
    assert run_installed(installed, code).splitlines()[1:] == ["0", "0"]
    assert '"id": "1"' in (tmp_path / "out.jsonl").read_text("utf-8")
