"""Who told the government something, and what of it may be shown."""

import re
from dataclasses import dataclass

from triage.errors import InvalidSubmission
from triage.names import masked_name
from triage.text import clean_text

MAX_NAME = 50
MAX_PHONE = 40
MAX_ID_NUMBER = 40
MAX_ADDRESS = 200
TAIL = 4  # the last digits by which a submitter is known again on the public page
_NUMBER = re.compile(r"\d[\d ()-]*")  # the first of several numbers, without an extension


@dataclass(frozen=True, slots=True, repr=False)
class Submitter:
    """Who reported (反映人), as far as is known; never shown in full without a reason on record."""

    name: str = ""
    phone: str = ""
    id_number: str = ""
    address: str = ""

    @property
    def tail(self) -> str | None:
        """The last four digits of the phone, else the last four characters of the ID number."""
        for number in (_digits(self.phone), self.id_number):
            if len(number) >= TAIL:
                return number[-TAIL:]
        return None

    @property
    def identity(self) -> str | None:
        """What tells one person from all others: the ID number, else the phone, else nothing."""
        if self.id_number:
            return f"id:{self.id_number}"
        digits = _digits(self.phone)
        return f"phone:{digits[-11:]}" if len(digits) >= 7 else None

    def masked(self) -> "Submitter":
        """As lists and logs may show it: the surname, two digits of each number, no address."""
        return Submitter(
            name=masked_name(self.name),
            phone=_masked_number(self.phone),
            id_number=_masked_number(self.id_number),
            address="***" if self.address else "",
        )


def check_submitter(submitter: Submitter) -> Submitter | None:
    """The submitter with stray blanks removed, or None where nothing at all is said of it.

    A phone is taken as it was told, two numbers or a remark included: nobody is turned away for it.
    Raises InvalidSubmission naming the field (`submitter.phone`, …) that is too long.
    """
    cleaned = Submitter(
        name=submitter.name.strip(),
        phone=clean_text(submitter.phone).strip(),
        id_number=clean_text(submitter.id_number).strip().upper(),
        address=submitter.address.strip(),
    )
    for name, most in (
        ("name", MAX_NAME),
        ("phone", MAX_PHONE),
        ("id_number", MAX_ID_NUMBER),
        ("address", MAX_ADDRESS),
    ):
        if len(getattr(cleaned, name)) > most:
            raise InvalidSubmission(
                f"反映人的 {name} 超过上限 {most} 字，请核对后再提交", field=f"submitter.{name}"
            )
    return None if cleaned == Submitter() else cleaned


def read_tail(text: str) -> str:
    """The last four characters that somebody typed, as `Submitter.tail` spells them."""
    return clean_text(text).strip().upper()[-TAIL:]


def _digits(phone: str) -> str:
    number = _NUMBER.search(phone)
    return re.sub(r"\D", "", number[0]) if number else ""


def _masked_number(number: str) -> str:
    return "*" * (len(number) - 2) + number[-2:] if len(number) > 2 else "*" * len(number)
