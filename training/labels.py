"""The labels of a corpus as numbers: what the model learns to give."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.readers import Example
from triage.calibration import DomainCalibration
from triage.features import Array
from triage.scores import Outputs
from triage.suggestions import FLAGS, NATURES
from triage.taxonomy import Taxonomy

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


def read_labels(
    examples: Sequence[Example], taxonomy: Taxonomy, domain: DomainCalibration
) -> Labels:
    """Those of examples that carry every label; the columns of the levels are those of `domain`.

    Raises NotFound where a path is none of the taxonomy.
    """
    code_at = {code: number for number, code in enumerate(domain.codes)}
    path = np.array(
        [
            code_at[taxonomy.get_by_path(e.level1 or "", e.level2 or "", e.level3 or "").code]
            for e in examples
        ]
    )
    level2 = domain.up2[path]
    level1 = domain.up1[level2]
    urgency = np.array([e.urgency or 4 for e in examples])
    nature = np.array([NATURES.index(e.nature or "投诉") for e in examples])
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
