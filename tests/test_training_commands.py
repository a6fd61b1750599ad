"""The commands end to end, on a corpus small enough to fit in seconds."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from ledger_factories import make_submission
from service_factories import TINY_MODEL
from typer.testing import CliRunner

import models
from api.files.catalogue import export_catalogue, import_catalogue
from training.__main__ import app
from training.card import write_card
from training.config import HERE
from training.release import CARD, UNSEEN
from triage.artefacts import (
    MANIFEST_FILE,
    MODEL_FILE,
    TAXONOMY_FILE,
    load_artefact,
    load_model_taxonomy,
)
from triage.desk import load_desk
from triage.errors import InvalidArtefact, InvalidData
from triage.fitting import fit_model
from triage.taxonomy import load_taxonomy, taxonomy_rows

SEED = HERE / "corpus" / "seed.jsonl"

CONFIG = """
name = "few"

[[corpus.files]]
path = "{corpus}/seed.jsonl"
role = "seed"
every = 6

[[corpus.files]]
path = "{data}/ours.csv"
role = "ours"

[features]
min_body_runs = 20

[model]
width = 16

[release]
split = "seed"
tolerance = { level1 = 0.0 }
"""


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("config") / "few.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def fitted(config: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a fitted model."""
    folder = tmp_path_factory.mktemp("models") / "few"
    code, out, err = run("fit", "--config", config, "-o", folder, "--date", "2026-05-01")
    assert code == 0, err
    assert "略过：ours.csv" in err
    assert json.loads(out)["scores"]["seed"]["n"] == 517
    return folder


def read_manifest(folder: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
    return manifest


def test_a_fitted_model_loads_and_says_what_it_is(fitted: Path) -> None:
    artefact = load_artefact(fitted)
    manifest = read_manifest(fitted)
    assert artefact.id == manifest["id"] == f"few-{manifest['files'][MODEL_FILE][:8]}"
    assert manifest["created"] == "2026-05-01"
    assert manifest["corpus"]["files"] == [
        {"name": "seed", "role": "seed", "rows": 517, "weight": 1.0}
    ]
    assert {"numpy", "scipy", "scikit-learn", "python"} <= set(manifest["libraries"])
    card = (fitted / CARD).read_text(encoding="utf-8")
    for needed in (manifest["id"], manifest["corpus"]["digest"], "什么时候不要用", "重新训练"):
        assert needed in card
    assert "messages_" not in card  # it learnt from none of them


@pytest.mark.parametrize(("model", "chosen"), [("default", True), ("tiny", False)])
def test_a_released_card_says_what_its_manifest_holds(model: str, chosen: bool) -> None:
    folder = Path(models.__file__).parent / model
    card = (folder / CARD).read_text(encoding="utf-8")
    assert card.startswith(write_card(read_manifest(folder)))
    assert ("字串是看着标签挑选的" in card) is chosen


@pytest.mark.slow
def test_the_same_corpus_gives_the_same_model(fitted: Path, config: Path, tmp_path: Path) -> None:
    code, _, err = run("fit", "--config", config, "-o", tmp_path, "--date", "2026-05-01")
    assert code == 0, err
    assert read_manifest(tmp_path) == read_manifest(fitted)
    assert (tmp_path / MODEL_FILE).read_bytes() == (fitted / MODEL_FILE).read_bytes()


def test_the_report_repeats_the_scores_of_the_manifest(
    fitted: Path, config: Path, tmp_path: Path
) -> None:
    code, out, err = run("evaluate", fitted, "--config", config, "-o", tmp_path)
    assert code == 0, err
    assert "| 一级 |" in out
    figures = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert figures == read_manifest(fitted)["scores"]


def test_an_outside_file_is_measured_without_the_corpus(fitted: Path, tmp_path: Path) -> None:
    test = tmp_path / "test.jsonl"
    record = {"title": "小区水管爆裂", "content": "停水两天了", "urgency": 2, "nature": "求助"}
    test.write_text(json.dumps(record, ensure_ascii=False), encoding="utf-8")
    code, _, err = run("evaluate", fitted, "--test", test, "-o", tmp_path / "report")
    assert code == 0, err
    figures = json.loads((tmp_path / "report" / "figures.json").read_text(encoding="utf-8"))
    assert figures["test"]["n"] == 1
    assert "urgent_recall" in figures["test"]
    assert "level1" not in figures["test"]


def test_a_released_model_has_no_answers_to_report_on(
    fitted: Path, config: Path, tmp_path: Path
) -> None:
    released = tmp_path / "released"
    assert run("release", fitted, "--to", released, "--config", config)[0] == 0
    assert not (released / UNSEEN).exists()
    assert load_artefact(released).id == load_artefact(fitted).id
    code, _, err = run("evaluate", released, "--config", config, "-o", tmp_path / "report")
    assert code == 1
    assert "--test" in err


def test_a_worse_model_is_not_released(fitted: Path, config: Path, tmp_path: Path) -> None:
    released = tmp_path / "released"
    assert run("release", fitted, "--to", released, "--config", config)[0] == 0
    manifest = read_manifest(released)
    manifest["scores"]["seed"]["level1"] = 0.99
    (released / MANIFEST_FILE).write_text(json.dumps(manifest), encoding="utf-8")
    code, _, err = run("release", fitted, "--to", released, "--config", config)
    assert code == 1
    assert "0.9900" in err
    code, out, _ = run("compare", released, fitted)
    assert code == 0
    assert "| seed | level1 | 0.99 |" in out
    assert run("release", fitted, "--to", released, "--config", config, "--force", "演练")[0] == 0
    assert "演练" in (released / CARD).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def renamed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a taxonomy of a town's own, records labelled by it, and the model of them."""
    folder = tmp_path_factory.mktemp("renamed")
    rows = taxonomy_rows(load_taxonomy("letters"))
    for row in rows:
        row["一级名称"] = row["一级名称"].replace("城乡建设", "城建")
    lines = [",".join(row.values()) for row in [{name: name for name in rows[0]}, *rows]]
    (folder / "分类表.csv").write_bytes("\n".join(lines).encode("gb18030"))
    seed = [json.loads(line) for line in SEED.read_text("utf-8").splitlines()[::6]]
    for record in seed:
        record["l1"] = record["l1"].replace("城乡建设", "城建")
    (folder / "ours.jsonl").write_text("\n".join(map(json.dumps, seed)), encoding="utf-8")
    (folder / "own.toml").write_text(
        'taxonomy = "{data}/分类表.csv"\n'
        '[[corpus.files]]\npath = "{data}/ours.jsonl"\nrole = "natural"\n'
        "[features]\nmin_body_runs = 20\n"
        "[model]\nwidth = 16\nnetworks = 0\nridge_share = 1.0\n",
        encoding="utf-8",
    )
    code, _, err = run(
        "fit", "--config", folder / "own.toml", "--data", folder, "-o", folder / "model"
    )
    assert code == 0, err
    return folder


def test_a_model_of_a_taxonomy_of_ones_own_brings_it_to_the_desk(renamed: Path) -> None:
    model, town = renamed / "model", renamed / "town"
    taxonomy = load_model_taxonomy(model)
    assert (taxonomy.name, len(taxonomy)) == ("分类表", 517)
    assert "城建" in {domain.level1 for domain in taxonomy}
    with pytest.raises(InvalidData, match="分类“分类表”中没有领域“城乡建设"):
        load_desk(model)

    sheet = renamed / "rules.csv"
    export_catalogue(sheet, data_dir=town, model_dir=model)
    sheet.write_text(sheet.read_text("utf-8").replace("城乡建设/", "城建/"), encoding="utf-8")
    import_catalogue(sheet, data_dir=town, model_dir=model)
    desk = load_desk(model, data_dir=town)
    suggestion = desk.suggest(make_submission(title="路灯不亮", content="建设路的路灯坏了半个月。"))
    assert suggestion.domain.level1 in {domain.level1 for domain in taxonomy}

    with pytest.raises(InvalidArtefact, match="分类表与现用的不同"):
        fit_model(desk, load_artefact(TINY_MODEL), folder=TINY_MODEL)

    code, out, err = run("evaluate", model, "-o", renamed / "r", "--test", renamed / "ours.jsonl")
    assert code == 0, err
    assert "| 一级 |" in out


def test_a_taxonomy_that_is_not_the_models_is_refused(renamed: Path, tmp_path: Path) -> None:
    spoilt = Path(shutil.copytree(renamed / "model", tmp_path / "model"))
    path = spoilt / TAXONOMY_FILE
    path.write_bytes(path.read_bytes().replace("路".encode(), "道".encode(), 1))
    with pytest.raises(InvalidArtefact, match="与清单不符"):
        load_desk(spoilt)
    path.unlink()
    with pytest.raises(InvalidArtefact, match="读不了模型的分类表"):
        load_desk(spoilt)


def test_a_release_takes_the_taxonomy_along(renamed: Path, tmp_path: Path) -> None:
    assert run("release", renamed / "model", "--to", tmp_path / "released")[0] == 0
    assert len(load_model_taxonomy(tmp_path / "released")) == 517


def test_without_a_repository_a_release_asks_where_to(
    fitted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = run("release", fitted)
    assert code == 1
    assert "--to" in err
    assert list(tmp_path.iterdir()) == []


def test_a_corpus_that_cannot_teach_a_label_is_refused_in_a_sentence(tmp_path: Path) -> None:
    few = tmp_path / "few.toml"
    few.write_text(CONFIG.replace("every = 6", "every = 200"), encoding="utf-8")
    code, _, err = run("fit", "--config", few, "-o", tmp_path / "model")
    assert code == 1
    assert "太少" in err
    assert "{corpus}/seed.jsonl" in err


def test_a_folder_that_cannot_be_made_is_told_before_the_fit(config: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    code, _, err = run("fit", "--config", config, "-o", tmp_path / "taken")
    assert code == 1
    assert err.splitlines()[-1].startswith(f"读写 {tmp_path / 'taken'} 出错")
    assert "拟合" not in err


def test_a_report_on_another_corpus_is_refused(fitted: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text(CONFIG.replace("every = 6", "every = 60"), encoding="utf-8")
    code, _, err = run("evaluate", fitted, "--config", other, "-o", tmp_path / "report")
    assert code == 1
    assert "不是用这份语料训练的" in err
