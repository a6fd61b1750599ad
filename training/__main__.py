"""`python -m training`: fit a model, report on it, compare it, release it, repeat a figure.

Results go to files and standard output, progress to standard error. Exit codes: 0 done, 1 could
not be done or was refused, 2 wrong usage.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from training.config import DEFAULT, Config, load_config
from triage.errors import InvalidArtefact, TriageError

app = typer.Typer(
    help="训练：拟合、评估、比较、发布模型，重复公开的指标。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

DataDir = Annotated[
    Path | None,
    typer.Option("--data", file_okay=False, exists=True, help="配置中 {data} 所指的目录"),
]
ConfigFile = Annotated[Path, typer.Option("--config", help="配置文件")]
Output = Annotated[Path, typer.Option("-o", "--output", help="写到哪个目录")]
Folder = Annotated[Path, typer.Argument(help="模型目录")]


@app.command()
def fit(
    output: Output,
    data: DataDir = None,
    config: ConfigFile = DEFAULT,
    date: Annotated[str, typer.Option(help="写进模型说明的日期，如 2026-05-01")] = "",
) -> None:
    """Fit a model and write it with manifest and card. 拟合模型，连同说明写入目录。"""
    with _plain_errors():
        from training.folder import write_model

        manifest = write_model(output, _load(config, data), date=date, say=_say)
        print(json.dumps({"id": manifest["id"], "scores": manifest["scores"]}, ensure_ascii=False))


@app.command()
def evaluate(
    folder: Folder,
    output: Output,
    data: DataDir = None,
    config: ConfigFile = DEFAULT,
    test: Annotated[
        Path | None, typer.Option(help="另一份已标注的文件；缺省用训练语料，按近似组留一")
    ] = None,
) -> None:
    """Report on a model: figures by every cut, curves, doubtful labels. 写出评估报告。"""
    with _plain_errors():
        from training.folder import evaluate_file, evaluate_unseen
        from training.report import format_figures

        if test is not None:
            figures = evaluate_file(folder, test, output)
        else:
            figures = evaluate_unseen(folder, _load(config, data), output)
        _say(f"报告在 {output / 'report.md'}")
        print(format_figures(figures))


@app.command()
def compare(before: Folder, after: Folder) -> None:
    """Two models side by side by the scores in their manifests. 并排比较两个模型。"""
    with _plain_errors():
        from training.release import format_comparison, read_scores

        print(format_comparison(read_scores(before), read_scores(after)))


@app.command()
def release(
    folder: Folder,
    to: Annotated[
        Path | None, typer.Option(help="发布到哪个目录；在代码库里缺省为 models/default")
    ] = None,
    config: ConfigFile = DEFAULT,
    force: Annotated[
        str | None, typer.Option(metavar="理由", help="退步也要发布的理由，会写进说明")
    ] = None,
) -> None:
    """Copy a model to where the service finds it, unless it is worse. 发布模型，退步的拒绝。"""
    with _plain_errors():
        from training.release import release_model

        target = to or _find_released()
        refusals = release_model(folder, target, load_config(config).release, force=force)
        for refusal in refusals:
            _say(f"不予发布：{refusal}")
        if refusals:
            raise typer.Exit(1)
        _say(f"已发布到 {target}")


@app.command()
def benchmark(
    train: Annotated[Path, typer.Argument(metavar="TRAIN", help="训练用的文件")],
    test: Annotated[Path, typer.Argument(metavar="TEST", help="测试用的文件")],
    label: Annotated[str, typer.Option(help="标签所在的列")],
) -> None:
    """Fit the domain pipeline on any flat label and score it. 在任意单层标签上拟合并打分。"""
    with _plain_errors():
        from training.benchmark import run_benchmark

        print(json.dumps(run_benchmark(train, test, label=label, say=_say)))


@app.command()
def repeats(
    data: Annotated[
        Path, typer.Option("--data", file_okay=False, exists=True, help="messages_*.jsonl 所在目录")
    ],
) -> None:
    """Plant edited copies among real messages and look them up. 量重复来件的查全率和查准率。"""
    with _plain_errors():
        from training.repeats import measure_repeats

        print(json.dumps(measure_repeats(data), ensure_ascii=False))


@app.command()
def problems(
    data: Annotated[
        Path,
        typer.Option("--data", file_okay=False, exists=True, help="放有来件和问题分组的目录"),
    ],
    model: Annotated[Path, typer.Option(help="给出领域和地点的模型")] = Path("models/default"),
    unseen: Annotated[
        bool, typer.Option("--unseen", help="按组留出：量的是没有见过的组，约五分钟")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--fit", help="重新学习，把两张表写到哪个目录")
    ] = None,
) -> None:
    """Measure or fit the grouping into common problems. 评估或重新学习共性问题的归并。"""
    with _plain_errors():
        from training.problems import fit_tables, measure_shipped, measure_unseen

        if output is not None:
            fit_tables(data, output, model_dir=model)
            _say(f"已写入 {output}；与 triage/data 中的同名文件比较后再换上")
        else:
            measure = measure_unseen if unseen else measure_shipped
            print(json.dumps(measure(data, model_dir=model), ensure_ascii=False))


def _find_released() -> Path:
    """The released model of the repository one stands in. Raises InvalidArtefact elsewhere: a
    folder made there would be read by no service."""
    here = Path("models/default")
    if not here.is_dir():
        raise InvalidArtefact(
            "当前文件夹里没有 models/default，请用 --to 指明发布到哪个目录，"
            "如 --to /var/lib/triage/models/本地（见 docs/training.md）"
        )
    return here


def _load(config: Path, data: Path | None) -> Config:
    loaded = load_config(config, data_dir=data)
    if loaded.corpus.skipped:
        _say(f"没有给出 --data，略过：{'、'.join(loaded.corpus.skipped)}")
    return loaded


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@contextmanager
def _plain_errors() -> Iterator[None]:
    """What the user can mend is one sentence and exit code 1; the rest is a defect and shows."""
    try:
        yield
    except TriageError as error:
        _say(error.message)
    except OSError as error:
        _say(f"读写 {error.filename or '文件'} 出错，请检查路径、权限和磁盘空间后再试")
    except MemoryError:
        _say("内存不够：拟合约需 16 × 件数² 字节，请减少件数（配置里的 every）或换内存大的机器")
    else:
        return
    raise typer.Exit(1)


if __name__ == "__main__":
    app()
