"""Every knob, path and seed of the trainer, read from one file (training/config.toml).

A path may begin with `{data}`, the folder of records given by --data, or `{corpus}`, the corpora
that come with the product. What needs `{data}` is passed over where no folder is given.
"""

import dataclasses
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from triage.artefacts import LETTERS
from triage.errors import InvalidData
from triage.text import decode_bytes

HERE = Path(__file__).parent
DEFAULT = HERE / "config.toml"


@dataclass(frozen=True, slots=True)
class CorpusFile:
    """One file to learn from.

    `role` names the split that reports show it under; `weight` is how much each record counts;
    `parts` gives other weights to subsets that the file itself names, which are splits of their
    own. `columns` maps our field names to the file's. `texts` are the files in which the words of
    the records stand, where this one holds labels alone. Only every `every`-th record is taken.
    """

    path: Path
    role: str
    weight: float = 1.0
    parts: Mapping[str, float] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    texts: tuple[Path, ...] = ()
    every: int = 1


@dataclass(frozen=True, slots=True)
class CorpusConfig:
    """What to learn from; `skipped` names the files that need a folder nobody gave."""

    files: tuple[CorpusFile, ...]
    skipped: tuple[str, ...] = ()
    similarity: float = 0.5  # share of five-character runs that makes two texts one matter


@dataclass(frozen=True, slots=True)
class FeatureConfig:
    """The terms that are counted (triage.features)."""

    min_writers: int = 5
    min_body_runs: int = 10
    title_scale: float = 0.7
    silent: float = 0.0


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """The two regressions that all heads share, and how far their map is packed."""

    penalty: float = 0.1
    smoothing: float = 8.0
    path_penalty: float = 0.02
    label_penalty: float = 0.05
    steps: int = 12
    ridge_share: float = 0.33
    width: int = 384
    rounding: float = 0.001
    shrink: float = 0.001
    head_strength: float = 0.02
    urgency_strength: float = 0.03
    risk_strength: float = 0.003
    made_up_weight: float = 0.3
    networks: int = 3
    units: int = 256
    epochs: int = 10


@dataclass(frozen=True, slots=True)
class LineConfig:
    """Where the lines between yes and no are drawn, on texts the model had not seen."""

    review_target: float = 0.98
    urgent_share: float = 0.18
    grave_share: float = 0.012
    accusation_recall: float = 0.95


@dataclass(frozen=True, slots=True)
class ReleaseConfig:
    """What a model must hold to replace the one before it.

    `tolerance` is how much worse than the old model each score may be; `most_bytes` bounds the
    folder.
    """

    split: str = "gold"
    most_bytes: int = 25_000_000
    tolerance: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Config:
    """The whole file; `name` goes into the model's id.

    `taxonomy` is one that comes with the product, by its name, or the file of a town's own.
    """

    corpus: CorpusConfig
    features: FeatureConfig = FeatureConfig()
    model: ModelConfig = ModelConfig()
    lines: LineConfig = LineConfig()
    release: ReleaseConfig = ReleaseConfig()
    name: str = "letters"
    taxonomy: str = LETTERS
    seed: int = 0
    folds: int = 5

    def as_dict(self) -> dict[str, Any]:
        """Plain values for the manifest; of paths only the file names."""
        plain = dataclasses.asdict(self)
        plain["taxonomy"] = Path(self.taxonomy).name
        for file in plain["corpus"]["files"]:
            file["path"] = file["path"].name
            file["texts"] = [path.name for path in file["texts"]]
        return plain


def load_config(path: Path | str = DEFAULT, *, data_dir: Path | None = None) -> Config:
    """The configuration in the file at `path`.

    Raises InvalidData naming the table and key that are unknown, missing or of a wrong kind.
    """
    try:
        tables = tomllib.loads(decode_bytes(Path(path).read_bytes()))
    except OSError as error:
        raise InvalidData(f"打不开配置文件 {path}，请核对路径和权限") from error
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        where = f"第 {line[1]} 行" if line else "末尾"
        raise InvalidData(
            f"读不出配置文件 {path}：{where}有语法错误，请检查该处的引号、括号和逗号"
        ) from error
    corpus = _as_table(tables.pop("corpus", {}), "corpus")
    rows = corpus.pop("files", [])
    if not isinstance(rows, list):
        raise InvalidData("配置的语料文件应写成 [[corpus.files]]（两层方括号），一个文件一段")
    files, skipped = [], []
    for row in (_as_table(row, "corpus.files") for row in rows):
        if not isinstance(row.get("path"), str):
            raise InvalidData("配置 [corpus.files] 缺少“path”，请写明文件的路径")
        for name in ("columns", "parts"):
            _as_table(row.get(name, {}), f"corpus.files 的 {name}")
        paths = [
            _locate(str(name), data_dir) for name in (row.get("path", ""), *row.get("texts", ()))
        ]
        located, *texts = paths
        if None in paths:
            skipped.append(Path(row["path"]).name)
        else:
            told = row | {"path": located, "texts": tuple(texts)}
            files.append(_make(CorpusFile, told, "corpus.files"))
    parts = {
        "features": FeatureConfig,
        "model": ModelConfig,
        "lines": LineConfig,
        "release": ReleaseConfig,
    }
    made = {
        name: _make(kind, _as_table(tables.pop(name, {}), name), name)
        for name, kind in parts.items()
    }
    made["corpus"] = _make(
        CorpusConfig, corpus | {"files": tuple(files), "skipped": tuple(skipped)}, "corpus"
    )
    if "{data}" in str(tables.get("taxonomy", "")) and data_dir is None:
        raise InvalidData("配置的 taxonomy 在 {data} 里，请用 --data 指明目录")
    if isinstance(told := tables.get("taxonomy"), str) and "{" in told:
        tables["taxonomy"] = str(_locate(told, data_dir))
    config: Config = _make(Config, tables | made, "顶层")
    if config.folds < 2:
        raise InvalidData("配置 [顶层] 的“folds”至少为 2：留出一折，用其余的学")
    return config


def _as_table(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise InvalidData(f"配置 [{where}] 应写成 {{ 名称 = 值, … }}，请对照 docs/training.md 改正")
    return dict(value)


def _locate(path: str, data_dir: Path | None) -> Path | None:
    if path.startswith("{data}") and data_dir is None:
        return None
    filled = path.replace("{data}", str(data_dir)).replace("{corpus}", str(HERE / "corpus"))
    return Path(filled)


_KINDS = {int: "整数", float: "数", str: "文字"}


def _make(kind: type[Any], row: Mapping[str, Any], where: str) -> Any:
    """A dataclass from a table, its plain values checked against those of the class."""
    fields = {f.name: f.type for f in dataclasses.fields(kind)}
    if unknown := set(row) - set(fields):
        raise InvalidData(f"配置 [{where}] 中没有“{min(unknown)}”这一项，可用：{'、'.join(fields)}")
    for name, value in row.items():
        wanted = {int: (int,), float: (int, float), str: (str,)}.get(fields[name])
        if wanted and (not isinstance(value, wanted) or isinstance(value, bool)):
            raise InvalidData(
                f"配置 [{where}] 的“{name}”应为{_KINDS[fields[name]]}，现为 {value!r}"
            )
    lacking = [
        f.name
        for f in dataclasses.fields(kind)
        if f.name not in row
        and f.default is dataclasses.MISSING
        and f.default_factory is dataclasses.MISSING
    ]
    if lacking:
        raise InvalidData(f"配置 [{where}] 缺少“{'”“'.join(lacking)}”，请补上")
    return kind(**row)
