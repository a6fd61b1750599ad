"""Bring the vendored browser modules up to what a manifest names, and record their checksums.

    python3 .ci/vendor.py [MANIFEST]      # api/static/vendor/manifest.json where none is named

To take a newer version, change `version` in the manifest and run this; the files come with `npm
pack` from the npm registry, unchanged, into `<name>-<version>/` beside the manifest, and what no
package names any more goes. Then change the import map of api/static/index.html to the new folder,
run the browser tests and commit it all. Needs npm; nothing that runs the product does.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

USUAL = Path(__file__).parent.parent / "api" / "static" / "vendor" / "manifest.json"


def refresh(manifest: Path) -> None:
    """Fetch every package of the manifest and record the SHA-256 of each file taken from it."""
    packages: list[dict[str, Any]] = json.loads(manifest.read_text("utf-8"))
    folders = {f"{package['name']}-{package['version']}" for package in packages}
    for old in manifest.parent.iterdir():
        if old.is_dir() and old.name not in folders:
            shutil.rmtree(old)
    for package in packages:
        folder = manifest.parent / f"{package['name']}-{package['version']}"
        folder.mkdir(exist_ok=True)
        package["sha256"] = take(package, folder)
    spelt = json.dumps(packages, ensure_ascii=False, indent=2) + "\n"
    manifest.write_text(spelt, encoding="utf-8")


def take(package: dict[str, Any], folder: Path) -> dict[str, str]:
    """The files of one package written into `folder`; the checksum of each by its name there."""
    spec = f"{package['name']}@{package['version']}"
    sums = {}
    with tempfile.TemporaryDirectory() as place:
        fetch = ["npm", "pack", "--silent", spec]
        subprocess.run(fetch, cwd=place, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
        (archive,) = Path(place).glob("*.tgz")
        with tarfile.open(archive) as packed:
            for inside, name in package["files"].items():
                member = packed.extractfile(f"package/{inside}")
                if member is None:
                    raise SystemExit(f"{spec} holds no {inside}")
                content = member.read()
                (folder / name).write_bytes(content)
                sums[name] = hashlib.sha256(content).hexdigest()
    return sums


if __name__ == "__main__":
    refresh(Path(sys.argv[1]) if len(sys.argv) > 1 else USUAL)
