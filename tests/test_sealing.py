import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from triage.errors import KeyUnavailable
from triage.sealing import Sealed, new_key_ring, open_key_ring

WORDS = "王小明 13800000000".encode()


def test_what_is_sealed_opens_again_and_is_never_sealed_the_same_way_twice() -> None:
    ring = new_key_ring()
    one, other = (ring.seal(WORDS, about="submitter:L-1") for _ in range(2))
    assert one.key_id == ring.current
    assert one.data != other.data
    assert WORDS not in one.data
    assert ring.unseal(one, about="submitter:L-1") == WORDS
    assert ring.unseal(other, about="submitter:L-1") == WORDS


@pytest.mark.parametrize("place", [0, 12, -1], ids=["nonce", "words", "tag"])
def test_a_sealed_value_that_was_altered_does_not_open(place: int) -> None:
    ring = new_key_ring()
    sealed = ring.seal(WORDS, about="x")
    altered = bytearray(sealed.data)
    altered[place] ^= 1
    with pytest.raises(KeyUnavailable, match="改动"):
        ring.unseal(Sealed(sealed.key_id, bytes(altered)), about="x")


@pytest.mark.parametrize("data", [b"", b"short", b"\0" * 27])
def test_what_is_too_short_to_be_sealed_does_not_open(data: bytes) -> None:
    ring = new_key_ring()
    with pytest.raises(KeyUnavailable):
        ring.unseal(Sealed(ring.current, data), about="x")


def test_the_value_of_one_row_does_not_open_in_the_place_of_another() -> None:
    ring = new_key_ring()
    sealed = ring.seal(WORDS, about="submitter:L-1")
    with pytest.raises(KeyUnavailable):
        ring.unseal(sealed, about="submitter:L-2")


def test_the_keys_of_another_town_open_nothing() -> None:
    sealed = new_key_ring().seal(WORDS, about="x")
    with pytest.raises(KeyUnavailable, match=sealed.key_id):
        new_key_ring().unseal(sealed, about="x")


def test_a_digest_knows_the_same_words_again_for_one_purpose_only() -> None:
    ring = new_key_ring()
    digest = ring.digest("13800000000", purpose="person")
    assert digest == ring.digest("13800000000", purpose="person")
    assert digest != ring.digest("13800000000", purpose="phone")
    assert digest != ring.digest("13800000001", purpose="person")
    assert digest != new_key_ring().digest("13800000000", purpose="person")


def test_the_file_is_made_once_for_its_owner_only_and_read_from_then_on(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "triage.key"
    made = open_key_ring(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    sealed = made.seal(WORDS, about="x")
    again = open_key_ring(path, used=[sealed.key_id])
    assert again.unseal(sealed, about="x") == WORDS
    assert again.digest("a", purpose="b") == made.digest("a", purpose="b")
    assert [file.name for file in path.parent.iterdir()] == ["triage.key"]


def test_processes_that_start_at_once_share_one_file(tmp_path: Path) -> None:
    path = tmp_path / "triage.key"
    program = (
        "import sys, pathlib; from triage.sealing import open_key_ring; "
        "print(open_key_ring(pathlib.Path(sys.argv[1])).current)"
    )
    command = [sys.executable, "-c", program, str(path)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert len({process.communicate(timeout=60)[0] for process in processes}) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["triage.key"]


def test_no_new_keys_are_made_for_a_database_that_needs_others(tmp_path: Path) -> None:
    path = tmp_path / "triage.key"
    with pytest.raises(KeyUnavailable, match=r"abc.*TRIAGE_KEY_FILE"):
        open_key_ring(path, used=["abc"])
    assert not path.exists()
    open_key_ring(path)
    with pytest.raises(KeyUnavailable, match="备份"):
        open_key_ring(path, used=["abc"])


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "triage.key"
    open_key_ring(path)
    path.chmod(0o640)
    with pytest.raises(KeyUnavailable, match="chmod 600"):
        open_key_ring(path)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"current": "a", "seals": {}, "digests": ""}',
        '{"seals": {"a": "c2hvcnQ="}}',
    ],
)
def test_a_broken_file_is_refused_and_left_as_it_is(tmp_path: Path, content: str) -> None:
    path = tmp_path / "triage.key"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(KeyUnavailable, match="备份"):
        open_key_ring(path)
    assert path.read_text() == content


def test_a_place_that_cannot_be_written_or_read_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KeyUnavailable, match="写不了密钥文件"):
        open_key_ring(tmp_path / "file" / "triage.key")
    with pytest.raises(KeyUnavailable, match="读不了密钥文件"):
        open_key_ring(tmp_path)


def test_rotation_seals_under_a_new_key_and_still_opens_what_is_old(tmp_path: Path) -> None:
    path = tmp_path / "triage.key"
    ring = open_key_ring(path)
    old, digest = ring.seal(WORDS, about="x"), ring.digest("a", purpose="b")
    key_id = ring.rotate()
    new = ring.seal(WORDS, about="x")
    assert new.key_id == key_id == ring.current != old.key_id
    for opened in (ring, open_key_ring(path)):
        assert opened.unseal(old, about="x") == opened.unseal(new, about="x") == WORDS
        assert opened.digest("a", purpose="b") == digest
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_running_service_finds_the_key_that_another_process_has_added(tmp_path: Path) -> None:
    path = tmp_path / "triage.key"
    running, command = open_key_ring(path), open_key_ring(path)
    command.rotate()
    assert running.unseal(command.seal(WORDS, about="x"), about="x") == WORDS


def test_no_key_shows_when_a_ring_or_an_error_is_printed(tmp_path: Path) -> None:
    path = tmp_path / "triage.key"
    ring = open_key_ring(path)
    told = json.loads(path.read_text())
    for shown in (repr(ring), repr(ring._keys), str(ring)):
        assert told["digests"] not in shown
        assert told["seals"][ring.current] not in shown
