"""The divisions (行政区划) of today as a tree: who lies above and below, and by which letters.

A county right under its province (直辖市、省直管) has the province above it.
"""

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache

from triage.errors import NotFound
from triage.gazetteer import Gazetteer
from triage.pinyin import spell


@dataclass(frozen=True, slots=True)
class Branch:
    """One division of today; `below` is how many lie right under it."""

    code: str
    name: str
    level: str
    parent: str | None
    below: int


class DivisionTree:
    """The present divisions by code, with what lies right under each."""

    def __init__(self, names: dict[str, str]) -> None:
        self._names = names
        self._below: dict[str | None, list[str]] = defaultdict(list)
        for code in sorted(names):
            self._below[self._parent(code)].append(code)

    def __len__(self) -> int:
        return len(self._names)

    def get(self, code: str) -> Branch:
        """The division with this code of 6 or 9 digits. Raises NotFound."""
        if code not in self._names:
            raise NotFound(f"没有代码为 {code} 的行政区划，请核对代码", field="division")
        level = "street" if len(code) > 6 else _level(code)
        below = len(self._below.get(code, ()))
        return Branch(code, self._names[code], level, self._parent(code), below)

    def list_under(self, code: str | None) -> tuple[Branch, ...]:
        """Those right under this one, by code; of None the provinces. Raises NotFound."""
        if code is not None:
            self.get(code)
        return tuple(self.get(below) for below in self._below.get(code, ()))

    def list_path(self, code: str) -> tuple[Branch, ...]:
        """The division and all above it, the province first. Raises NotFound."""
        path = [self.get(code)]
        while (above := path[0].parent) is not None:
            path.insert(0, self.get(above))
        return tuple(path)

    def search(
        self, typed: str, *, under: str | None = None, limit: int = 20
    ) -> tuple[Branch, ...]:
        """Those whose name, or whose sound in full or by first letters, begins as typed; the higher
        ones first. Only those below `under`, if it is given. Raises NotFound for an unknown one."""
        typed = typed.strip().casefold()
        if not typed:
            return ()
        found = []
        for code in self._codes(under):
            name = self._names[code]
            if name.startswith(typed) or (typed.isascii() and _sounds_like(name, typed)):
                found.append(code)
        found.sort(key=lambda code: (len(code.rstrip("0")) if len(code) == 6 else 9, code))
        return tuple(self.get(code) for code in found[:limit])

    def _codes(self, under: str | None) -> list[str]:
        """All codes that a search looks through: without `under` no streets, whose names thousands
        share."""
        if under is None:
            return [code for code in self._names if len(code) == 6]
        self.get(under)
        codes, queue = [], [under]
        while queue:
            queue += (below := self._below.get(queue.pop(), []))
            codes += below
        return codes

    def _parent(self, code: str) -> str | None:
        if len(code) > 6:
            candidates = [code[:6], f"{code[:4]}00", f"{code[:2]}0000"]
        else:
            candidates = [f"{code[:4]}00", f"{code[:2]}0000"]
        return next((one for one in candidates if one != code and one in self._names), None)


@lru_cache(maxsize=2)
def grow_tree(gazetteer: Gazetteer) -> DivisionTree:
    """The tree of its divisions, grown once."""
    return DivisionTree(gazetteer.present())


def _level(code: str) -> str:
    return "province" if code.endswith("0000") else "city" if code.endswith("00") else "county"


def _sounds_like(name: str, typed: str) -> bool:
    spelling = spell(name)
    return spelling.initials.startswith(typed) or spelling.pinyin.startswith(typed)
