"""From a fitted folder to a released model: what it must hold, and what it replaces.

A model folder holds model.pickle, manifest.json and CARD.md; unseen.npz, which reports are made
of, stays with the trainer.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training.config import ReleaseConfig
from triage.artefacts import MANIFEST_FILE, hash_file, read_manifest
from triage.errors import InvalidArtefact

CARD = "CARD.md"
UNSEEN = "unseen.npz"  # says which label each record has: never released
Manifest = dict[str, Any]


def read_scores(folder: Path) -> Manifest:
    """The manifest of a model folder, its scores too. Raises InvalidArtefact without them."""
    manifest = read_manifest(folder)
    if not isinstance(manifest.get("scores"), dict):
        raise InvalidArtefact(f"模型清单 {folder / MANIFEST_FILE} 没有指标，请重新训练")
    return manifest


def compare_scores(before: Manifest, after: Manifest) -> list[tuple[str, str, float, float]]:
    """(split, figure, before, after) of every figure that both manifests have, counts apart."""
    return [
        (split, name, value, after["scores"][split][name])
        for split, figures in before["scores"].items()
        if split in after["scores"]
        for name, value in figures.items()
        if name in after["scores"][split] and name != "n"
    ]


def find_losses(before: Manifest, after: Manifest, release: ReleaseConfig) -> list[str]:
    """What the new model does worse than it may, one sentence each; [] where it may replace it.

    A figure that only the old one has counts as lost.
    """
    losses = []
    old = before["scores"].get(release.split, {})
    new = after["scores"].get(release.split, {})
    if old and not new:  # a town's own records have no split of that name
        return [
            f"新模型没有 {release.split} 组的成绩，无从与 {before['id']} 相比；"
            "请用 --config 给出训练时的配置，其中 [release] 的 split 写自己的组（如 natural），"
            "或用 --to 发布到另一个目录"
        ]
    for name, tolerance in release.tolerance.items():
        if name in old and old[name] - new.get(name, 0.0) > tolerance:
            found = f"{new[name]:.4f}" if name in new else "缺"
            losses.append(
                f"{release.split} 组的 {name} 由 {old[name]:.4f} 降为 {found}，允许下降 {tolerance}"
            )
    return losses


def find_damage(folder: Path, manifest: Manifest, release: ReleaseConfig) -> list[str]:
    """What is wrong with the folder itself: files altered or missing, too many bytes."""
    faults = []
    for name, digest in manifest["files"].items():
        if not (folder / name).is_file():
            faults.append(f"缺少 {name}")
        elif hash_file(folder / name) != digest:
            faults.append(f"{name} 与 {MANIFEST_FILE} 中的 SHA-256 不符")
    size = sum((folder / name).stat().st_size for name in manifest["files"] if not faults)
    if size > release.most_bytes:
        faults.append(f"共 {size:,} 字节，超过上限 {release.most_bytes:,}")
    return faults


def release_model(
    folder: Path, target: Path, release: ReleaseConfig, *, force: str | None = None
) -> list[str]:
    """Copy a fitted model to where it is released; returns why not, [] where it was done.

    `force` is the reason for releasing a worse one all the same, and goes into its card; a damaged
    or too large one is never released.
    """
    manifest = read_scores(folder)
    faults = find_damage(folder, manifest, release)
    losses = []
    if (target / MANIFEST_FILE).is_file():
        losses = find_losses(read_scores(target), manifest, release)
    if faults or (losses and not force):
        return faults + losses
    card = (folder / CARD).read_text(encoding="utf-8")
    if losses:
        card += (
            f"\n## 带着退步发布\n\n理由：{force}\n\n" + "\n".join(f"- {x}" for x in losses) + "\n"
        )
    target.mkdir(parents=True, exist_ok=True)
    for name in (
        *manifest["files"],
        MANIFEST_FILE,
    ):  # the manifest last: till then the old one refuses
        shutil.copyfile(folder / name, target / name)
    (target / CARD).write_text(card, encoding="utf-8")
    return []


def format_comparison(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Two models' figures side by side, as a Markdown table, and whether they may be compared."""
    lines = [f"| 组 | 指标 | {before['id']} | {after['id']} | 差 |", "|---|---|---|---|---|"]
    lines += [
        f"| {split} | {name} | {old:g} | {new:g} | {new - old:+.4f} |"
        for split, name, old, new in compare_scores(dict(before), dict(after))
    ]
    if before.get("corpus", {}).get("digest") != after.get("corpus", {}).get("digest"):
        lines.append(
            "\n两个模型的语料不同，同名的组不是同一批件，数字不能直接比；"
            "要比高下，请用 evaluate --test 对同一份没有训练过的文件各做一次"
        )
    return "\n".join(lines)
