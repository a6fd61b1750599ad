from pathlib import Path

import pytest

from training.config import DEFAULT, load_config
from triage.errors import InvalidData

TINY = DEFAULT.with_name("tiny.toml")


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_data_folder_its_files_are_named_and_passed_over() -> None:
    config = load_config()
    assert config.corpus.skipped == (
        "messages_gold.jsonl",
        "messages_silver.jsonl",
        "labels.jsonl",
    )
    assert [file.role for file in config.corpus.files] == ["seed", "written"]


def test_a_data_folder_fills_the_paths(tmp_path: Path) -> None:
    config = load_config(data_dir=tmp_path)
    assert config.corpus.files[0].path == tmp_path / "messages_gold.jsonl"
    assert not config.corpus.skipped


def test_the_tiny_model_needs_nothing_from_outside() -> None:
    config = load_config(TINY)
    assert not config.corpus.skipped
    assert all(file.path.is_file() for file in config.corpus.files)


def test_no_released_vocabulary_may_hold_a_term_of_fewer_than_five_writers() -> None:
    for path in (DEFAULT, TINY):
        features = load_config(path).features
        assert min(features.min_writers, features.min_body_runs) >= 5


def test_the_manifest_gets_no_folder_of_this_machine(tmp_path: Path) -> None:
    assert str(tmp_path) not in str(load_config(data_dir=tmp_path).as_dict())


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[model]\npenality = 1", "penality"),
        ("seeds = 1", "seeds"),
        ("[model]\nwidth = '96'", "width"),
        ("[[corpus.files]]\npath = 'a.jsonl'", "corpus.files"),
        ("[model", "末尾有语法错误"),
        ("seed = 1\nfolds = \n", "第 2 行有语法错误"),
        ("[[corpus.files]]\nrole = 'x'", "缺少“path”"),
        ("[corpus.files]\npath = 'x'", "两层方括号"),
        ("[[corpus.files]]\npath = 'a'\nrole = 'x'\ncolumns = '标题'", "columns"),
        ("model = 3", "model"),
        ("folds = 1", "至少为 2"),
    ],
)
def test_what_the_file_gets_wrong_is_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(InvalidData, match=named):
        load_config(write(tmp_path / "config.toml", text))


def test_a_file_of_labels_knows_where_its_words_stand(tmp_path: Path) -> None:
    (labels,) = [f for f in load_config(data_dir=tmp_path).corpus.files if f.role == "read"]
    assert labels.texts == (
        tmp_path / "messages_domain7.jsonl",
        tmp_path / "messages_unlabelled.jsonl",
    )
    told = load_config(data_dir=tmp_path).as_dict()["corpus"]["files"]
    assert ["messages_domain7.jsonl", "messages_unlabelled.jsonl"] in [f["texts"] for f in told]


def test_a_config_of_an_old_notepad_is_read_and_one_that_is_not_there_is_named(
    tmp_path: Path,
) -> None:
    path = tmp_path / "本地.toml"
    path.write_bytes('name = "本地"  # 注释\n'.encode("gbk"))
    assert load_config(path).name == "本地"
    with pytest.raises(InvalidData, match="打不开配置文件"):
        load_config(tmp_path / "没有.toml")
