"""Whether what somebody wrote speaks of one letter, and not merely of what others told as well.

Asked of the words around a letter that turns out to be an accusation (Art. 30). Like all that is
asked for its sake, it would rather find too much: three characters in a row are enough, for so long
is a name, where no two of them stand in any of the other letters.
"""

from collections.abc import Iterable, Iterator

_RUN = 3  # characters


def speaks_of(text: str, letter: str, *, others: Iterable[str]) -> bool:
    """Whether the text has a run of characters of the letter that is strange to all the others."""
    runs = {run for run in _runs(text) if run in letter}
    for other in others:
        if not runs:
            return False
        runs = {run for run in runs if run[:-1] not in other and run[1:] not in other}
    return bool(runs)


def _runs(text: str) -> Iterator[str]:
    for start in range(len(text) - _RUN + 1):
        run = text[start : start + _RUN]
        if run.isalnum():
            yield run
