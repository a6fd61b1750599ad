"""The sets of deadline rules that a town can choose from: the presets, and its own file."""

from pathlib import Path

from triage.deadlines import Rulebook, load_presets, load_rulebooks

FILE = "deadlines.toml"  # of the town, in its data folder


def find_rulebooks(data_dir: Path | None) -> tuple[Rulebook, ...]:
    """The presets, and beside them those of the town, which win over a preset of their name.

    Raises InvalidData naming the place where the town's file is broken.
    """
    known = {rulebook.name: rulebook for rulebook in load_presets()}
    if data_dir is not None and (data_dir / FILE).is_file():
        town = load_rulebooks((data_dir / FILE).read_bytes())
        known |= {rulebook.name: rulebook for rulebook in town}
    return tuple(known.values())
