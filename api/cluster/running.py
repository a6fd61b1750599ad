"""The parts that are not done yet, given to the cluster and noted as they come back."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from api.cluster.connection import run_all
from api.cluster.manifest import DonePart, Manifest
from api.cluster.parts import Part
from triage.errors import TriageError

if TYPE_CHECKING:
    from distributed import Client


def do_parts(
    client: "Client",
    call: Callable[..., DonePart],
    parts: Sequence[Part],
    *,
    manifest: Manifest,
    given: Callable[[Part], tuple[Any, ...]],
) -> Iterator[tuple[Part, DonePart | TriageError]]:
    """What came of `call(part, file of its result, *given(part))` for each part, as it ends.

    Parts that `manifest` holds for done are passed over, the others noted there when they are.
    Raises TriageError where the cluster is lost.
    """
    waiting = {part.name: part for part in parts if not manifest.is_done(part)}
    tasks = {
        name: (part, manifest.folder / part.output, *given(part)) for name, part in waiting.items()
    }
    for name, result in run_all(client, call, tasks):
        if isinstance(result, DonePart):
            manifest.record(result)
        yield waiting[name], result
    manifest.sweep()
