"""The labels of a corpus as numbers: what the model learns to give."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.readers import Example, read_table
from triage.calibration import DomainCalibration
from triage.errors import InvalidData, NotFound
from triage.features import Array
from triage.scores import Outputs
from triage.suggestions import FLAGS, NATURES
from triage.taxonomy import Taxonomy, load_taxonomy, taxonomy_from_rows

_NAMES = {
    "level1": "一级分类",
    "level2": "二级分类",
    "urgency": "紧急程度",
    "nature": "诉求性质",
    "flags": "风险标签（没有标签的件，留着这一列、把格子空着）",
}
_SHOWN = 5  # examples that are named for one fault
_FAULTS = 10  # faults that are named
URGENT_STEPS = (1, 2, 3)  # the scores tell "at most this level"


@dataclass(frozen=True, slots=True)
class Labels:
    """Label numbers of each example (urgency 1-4), (examples, 8) flags, and all of them as
    (examples, outputs) 0/1 targets for the regressions."""

    level1: Array
    level2: Array
    path: Array
    urgency: Array
    nature: Array
    flags: Array
    targets: Array
    outputs: Outputs


def load_label_taxonomy(name: str) -> Taxonomy:
    """The taxonomy that `Config.taxonomy` names: one of the product, or a town's own CSV or
    workbook. Raises NotFound, InvalidFile or InvalidData.
    """
    if not Path(name).suffix:
        return load_taxonomy(name)
    (_, header), *rows = read_table(Path(name)) or [(0, [])]
    keys = [cell.strip() for cell in header]
    told = [dict(zip(keys, cells, strict=False)) for _, cells in rows]
    return taxonomy_from_rows(told, name=Path(name).stem)


def read_labels(
    examples: Sequence[Example], taxonomy: Taxonomy, domain: DomainCalibration
) -> Labels:
    """Those of examples that carry every label; the columns of the levels are those of `domain`.

    Raises InvalidData naming the examples that lack one, or whose path is none of the taxonomy:
    learnt as 一般 or 投诉, a label that nobody gave would teach the model to overlook.
    """
    _refuse_unlabelled(examples, taxonomy)
    code_at = {code: number for number, code in enumerate(domain.codes)}
    path = np.array([code_at[_find_code(e, taxonomy) or ""] for e in examples])
    level2 = domain.up2[path]
    level1 = domain.up1[level2]
    urgency = np.array([e.urgency for e in examples])
    nature = np.array([NATURES.index(e.nature or "") for e in examples])
    flags = np.array([[flag in (e.flags or ()) for flag in FLAGS] for e in examples])
    parts = [
        np.eye(len(domain.level1))[level1],
        np.eye(len(domain.level2))[level2],
        np.eye(len(domain.codes))[path],
        np.eye(len(NATURES))[nature],
        np.column_stack([urgency <= step for step in URGENT_STEPS]),
        flags,
    ]
    ends = np.cumsum([part.shape[1] for part in parts]).tolist()
    slices = [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]
    targets = np.hstack(parts).astype(np.float32)
    return Labels(level1, level2, path, urgency, nature, flags, targets, Outputs(*slices))


def _refuse_unlabelled(examples: Sequence[Example], taxonomy: Taxonomy) -> None:
    broken: dict[str, list[str]] = {}
    for example in examples:
        if fault := _find_fault(example, taxonomy):
            broken.setdefault(fault, []).append(f"{example.source} 的 {example.id}")
    if not broken:
        return
    told = [
        f"{fault}：{'、'.join(who[:_SHOWN])}{f' 等 {len(who)} 件' if len(who) > _SHOWN else ''}"
        for fault, who in broken.items()
    ]
    more = f"\n……另有 {len(told) - _FAULTS} 种" if len(told) > _FAULTS else ""
    count = sum(map(len, broken.values()))
    raise InvalidData(
        f"有 {count} 件的标注不能用来训练，请补齐、改正或删去后再训练：\n"
        + "\n".join(told[:_FAULTS])
        + more
    )


def _find_fault(example: Example, taxonomy: Taxonomy) -> str | None:
    """What is wrong with the labels of this example, if anything."""
    lacking = [name for field, name in _NAMES.items() if getattr(example, field) is None]
    if lacking:
        return f"缺少{'、'.join(lacking)}"
    if _find_code(example, taxonomy) is None:
        path = "/".join(filter(None, (example.level1, example.level2, example.level3)))
        return f"分类“{taxonomy.name}”中没有“{path}”"
    return None


def _find_code(example: Example, taxonomy: Taxonomy) -> str | None:
    """That of the leaf; one without a level 3 is filed under a level 2 that has no parts."""
    level2 = example.level2 or ""
    try:
        return taxonomy.get_by_path(example.level1 or "", level2, example.level3 or level2).code
    except NotFound:
        return None
