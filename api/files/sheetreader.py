"""Reads a workbook in a process of its own, started by `api.workbooks`.

The parsers of Excel's formats can be made to panic, to fill the memory or to run for ever by a
damaged or hostile file; here that ends this process and not the service. Standard input is the
file, the arguments name the worksheets wanted (none: all visible ones); each line of standard
output is a JSON value: first the list of all worksheets, then for each wanted one an object that
describes it and its rows as lists; "end" last, or {"error": kind} instead of all that.
"""

import json
import resource
import sys

MEMORY = 2 << 30  # bytes of address space; a workbook of 40 MB takes a tenth of it
CPU_SECONDS = 120
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")  # the stream that holds it (MS-OFFCRYPTO 2.3)


def main(wanted: list[str]) -> None:
    """Write the worksheets of the workbook on standard input to standard output."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetVisibleEnum

    try:
        sys.stdin.buffer.seek(0)  # the parent has looked at its beginning
        workbook = CalamineWorkbook.from_filelike(sys.stdin.buffer)
    except PasswordError:
        _write({"error": "password"})
        return
    except CalamineError:
        # From a stream the parser takes an encrypted workbook for a broken one.
        sys.stdin.buffer.seek(0)
        if _ENCRYPTED in sys.stdin.buffer.read():
            _write({"error": "password"})
            return
        raise
    visible = [
        sheet.name
        for sheet in workbook.sheets_metadata
        if sheet.visible == SheetVisibleEnum.Visible
    ]
    _write({"names": workbook.sheet_names, "visible": visible})
    zipped = _is_zip()
    for name in wanted or visible:
        sheet = workbook.get_sheet_by_name(name)
        _write(
            {
                "name": name,
                "left": sheet.start[1] if sheet.start else 0,
                "height": sheet.end[0] + 1 if sheet.end else 0,
                "merged": sheet.merged_cell_ranges or [],
                "unsaved": sorted(_count_unsaved(name).items()) if zipped else [],
            }
        )
        for cells in sheet.iter_rows():
            _write(cells)
    _write("end")


def _is_zip() -> bool:
    sys.stdin.buffer.seek(0)
    return sys.stdin.buffer.read(4) == b"PK\x03\x04"


def _count_unsaved(name: str) -> dict[int, int]:
    """As `count_unsaved`; what cannot be looked through costs no more than the remark."""
    from zipfile import BadZipFile
    from zlib import error as deflate_error

    from api.files.formulas import count_unsaved

    try:
        return count_unsaved(sys.stdin.buffer, name)
    except (BadZipFile, deflate_error, OSError, NotImplementedError, RuntimeError, EOFError):
        return {}


def _write(value: object) -> None:
    # dates and times as ISO 8601
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]  # a real stream here
    main(sys.argv[1:])
