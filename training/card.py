"""The model card: what a model learnt from, how good it is, when not to use it, how to refit it."""

from training.release import Manifest
from training.report import format_figures

_BODY = """# {id}

民声分诊的分类模型：读一件来件，给出三级领域、紧急程度、诉求性质和风险标签的可能性。

## 学了什么

{corpus}

语料摘要（SHA-256）：`{digest}`。训练前已遮盖姓名、电话、证件号、地址等个人信息；模型认得的字串（一至三个字）至少出现在
{min_writers} 组互不相似的来件里（正文的至少 {min_body_runs} 组）。模型只存数字和这些字串。
{sources}

地点模型 `triage/data/places.npz` 由 `python -m training.places fit` 另用竞赛来件和
`training/corpus/places.jsonl`（为本产品编写）拟合（人名等已遮盖），不在本目录，一并说明于此。
它还读词义表 `triage/data/meanings.npz`：通用词典里的词由编码器 multilingual-e5-small（MIT）
逐个编码而成，也不在本目录。

## 有多准

每件来件由没有见过它、也没有见过与它近似的来件的模型回答：近似的归为一组，
岭回归逐组留一，逻辑回归和其后各步分 {folds} 折（学得少一些，所以略偏低），
压缩的误差照发布的样子算在内。{chosen}
`gold` 和 `natural` 是自然分布；`doubtful`、`urgent` 是挑出来的难件，
`seed`、`written` 是自写语料，都不代表日常来件。

{figures}

分界线：

{lines}

## 什么时候不要用

- 不要让它替人作决定：它只提建议，经办人认定。低于置信线的一律人工复核。
- 紧急程度宁可误报：判为紧急的多数只是“可能”。它判为一般，也不等于没有危险。
- 不在 15 个一级领域之内的分类体系、外语、方言转写、图片文字：没有量过。
- {limits}换地区、换年份，请先用自己的记录评估（`evaluate --test`）。
- 检举控告以查全为先，不少并不是（准确率见上表）；放行前须由纪检人员看过。

## 用自己的记录重新训练

1. 把本地记录导出为 CSV、Excel 或 JSON 行，列名对应见 `docs/training.md`；
2. 在配置文件中加上 `[[corpus.files]]`，运行 `python -m training fit --config 配置.toml -o 新模型`；
3. 用 `evaluate` 看报告，`compare` 与现用模型对照，`release` 发布。退步的模型会被拒绝。

## 环境

{libraries}
"""

_WRITTEN = (
    "`seed` 和 `written` 是为本产品写的语料，地名人名都是虚构的，随产品分发（`training/corpus/`）。"
)
_REAL = """
`messages_` 开头的是 2020 年一次公开竞赛中的真实来件，为本产品按标注规范逐件阅读标注；
**原文不在本目录，也不随产品分发**。"""
_CHOSEN = """
字串是看着标签挑选的（`gold`、`natural` 不多于其余各组时不参与），参与的各组的数略偏高。"""
_NO_REAL = "没有学过真实来件，只供测试和演示。"
_ONE_PROVINCE = "真实来件出自一个省、2020 年以前；"


def write_card(manifest: Manifest) -> str:
    """The Markdown card of a model, wholly out of its manifest."""
    features = manifest["config"]["features"]
    real = any(file["name"].startswith("messages_") for file in manifest["corpus"]["files"])
    corpus = [
        f"| {file['name']} | {file['role']} | {file['rows']:,} | {file['weight']:g} |"
        for file in manifest["corpus"]["files"]
    ]
    return _BODY.format(
        id=manifest["id"],
        corpus="\n".join(["| 文件 | 组 | 件数 | 权重 |", "|---|---|---|---|", *corpus]),
        sources=_WRITTEN + (_REAL if real else ""),
        limits=_ONE_PROVINCE if real else _NO_REAL,
        digest=manifest["corpus"]["digest"],
        folds=manifest["config"]["folds"],
        chosen=_CHOSEN if features.get("silent") else "",
        min_writers=features["min_writers"],
        min_body_runs=features["min_body_runs"],
        figures=format_figures(manifest["scores"]),
        lines="\n".join(f"- {name}：{value:g}" for name, value in manifest["lines"].items()),
        libraries="、".join(f"{name} {version}" for name, version in manifest["libraries"].items()),
    )
