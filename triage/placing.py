"""The place of a submission: the phrase that names it, with the division it lies in."""

from datetime import date

from triage.divisions import Divisions
from triage.places import PlacePhrase, is_anonymised
from triage.suggestions import DivisionCandidate, PlaceSuggestion


def to_place_suggestion(
    phrase: PlacePhrase | None,
    divisions: Divisions,
    *,
    text: str = "",
    on: date | None = None,
    home: str | None = None,
) -> PlaceSuggestion:
    """The place of a submission with the division that its name, else the whole `text`, gives.

    `text` is the title, a line break and the content; a phrase that cuts a division's name there,
    or follows one, is widened to hold it.
    Nothing is looked up where the names are anonymised (A市A3区): the like-named real division
    would be a guess. An abolished division is offered as a candidate, never set.
    """
    place = phrase.text if phrase else ""
    if (phrase and phrase.anonymised) or is_anonymised(text):
        return PlaceSuggestion(place, None, (), anonymised=True)
    at = _find_start(phrase, text) if phrase else -1
    if at < 0:
        found = divisions.find(place, context=text, on=on, home=home)
    else:
        found, start, end = divisions.find_around(text, at, at + len(place), on=on, home=home)
        place = text[start:end]
    holds_now = len(found) == 1 and (found[0].valid_to is None or (on and on <= found[0].valid_to))
    if holds_now:
        return PlaceSuggestion(place, found[0].code, ())
    return PlaceSuggestion(
        place, None, tuple(DivisionCandidate(d.code, d.full_name) for d in found)
    )


def _find_start(phrase: PlacePhrase, text: str) -> int:
    """Where the phrase stands in the text, -1 where it does not or came with the submission."""
    if phrase.field == "place":
        return -1
    start = phrase.start
    if phrase.field == "content":
        start += text.find("\n") + 1
    return start if text.startswith(phrase.text, start) else text.find(phrase.text)
