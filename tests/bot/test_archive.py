"""The file of a backup: whole or refused, and never outside of the folder that it is put into."""

import io
import json
import tarfile
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actions.errors import Refused
from bot.archive import FORMAT, KEYS, MANIFEST, Manifest, unpacked, verified, written

MADE = Manifest(
    made_at=datetime(2026, 3, 2, tzinfo=UTC), release="0.1.0", schema=2, keys=1, redis_version="6.2.14"
)


@pytest.fixture
def archive(tmp_path):
    return make(tmp_path)


def make(tmp_path, **more):
    source = tmp_path / "source"
    path = tmp_path / "b.tar"
    with written(path) as writer:
        for name, content in {KEYS: b"linli keys 1\n", "home/keys/login": b"secret", **more}.items():
            source.write_bytes(content)
            writer.add(name, source)
        writer.finish(replace(MADE, files=dict(writer.files)))
    return path


def forged(tmp_path, *members: tarfile.TarInfo, content: bytes = b"x"):
    """A tar of anybody's making."""
    path = tmp_path / "forged.tar"
    with tarfile.open(path, "w") as tar:
        for member in members:
            member.size = len(content) if member.isreg() else 0
            tar.addfile(member, io.BytesIO(content))
    return path


def test_it_comes_back_as_it_was_for_its_owner_only(archive, tmp_path):
    manifest = verified(archive)
    assert (manifest.made_at, manifest.release, manifest.schema, manifest.keys) == (
        MADE.made_at,
        "0.1.0",
        2,
        1,
    )
    assert archive.stat().st_mode & 0o777 == 0o600
    unpacked(archive, manifest, lambda name: tmp_path / "out" / name)
    login = tmp_path / "out" / "home" / "keys" / "login"
    assert login.read_bytes() == b"secret"
    assert login.stat().st_mode & 0o777 == 0o600
    assert login.parent.stat().st_mode & 0o777 == 0o700


def test_nothing_is_overwritten_and_nothing_is_left_of_what_failed(archive, tmp_path):
    before = archive.read_bytes()
    with pytest.raises(Refused, match="there already"), written(archive):
        pass
    assert archive.read_bytes() == before
    with pytest.raises(ZeroDivisionError), written(tmp_path / "other.tar"):
        raise ZeroDivisionError
    assert {path.name for path in tmp_path.iterdir()} == {"b.tar", "source"}


def test_what_came_to_be_there_meanwhile_is_not_overwritten(tmp_path):
    path = tmp_path / "b.tar"

    def write():
        with written(path) as writer:
            path.write_text("somebody else's")
            writer.finish(MADE)

    with pytest.raises(Refused, match="there already"):
        write()
    assert path.read_text() == "somebody else's"


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.floats(0, 1, exclude_max=True), by=st.integers(1, 255))
def test_a_changed_byte_is_never_taken_for_what_it_was(archive, at, by):
    content = bytearray(archive.read_bytes())
    before = verified(archive)
    place = int(at * len(content))
    content[place] = (content[place] + by) % 256
    changed = archive.with_name("changed.tar")
    changed.write_bytes(content)
    try:
        manifest = verified(changed)
    except Refused:
        return
    # Such as the time in a tar header, its padding, or what stands behind the end of the archive.
    assert manifest == before


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.floats(0, 1, exclude_max=True))
def test_one_that_ends_too_early_is_refused(archive, at):
    content = archive.read_bytes()
    end = content.rindex(b'"sha256"') + 60  # what follows is tar's own padding
    cut = archive.with_name("cut.tar")
    cut.write_bytes(content[: int(at * end)])
    with pytest.raises(Refused):
        verified(cut)


@pytest.mark.parametrize(
    "name",
    [
        "../evil", "/etc/passwd", "home/../../evil", "home/./x", "home//x", "home", "home/", "redis/other", "other/x",
        "home\\..\\evil", "home/a\nb", "./home/x", "home/x/..", "redis/keys/x", "",
    ],
)  # fmt: skip
def test_a_name_that_none_of_ours_has_is_refused(tmp_path, name):
    with pytest.raises(Refused):
        verified(forged(tmp_path, tarfile.TarInfo(name)))


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE],
)
def test_what_is_no_plain_file_is_refused(tmp_path, kind):
    member = tarfile.TarInfo("home/keys/login")
    member.type, member.linkname = kind, "/etc/passwd"
    with pytest.raises(Refused, match="no backup of ours"):
        verified(forged(tmp_path, member))


def test_the_same_name_twice_is_refused(tmp_path):
    with pytest.raises(Refused, match="twice"):
        verified(forged(tmp_path, tarfile.TarInfo("home/a"), tarfile.TarInfo("home/a")))


@pytest.mark.parametrize("change", ["missing", "added", "changed"])
def test_the_list_of_contents_must_fit(tmp_path, change):
    content = b"x"
    told = dict.fromkeys(
        (KEYS, "home/a"), (1, "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881")
    )
    if change == "missing":
        told["home/b"] = told["home/a"]
    if change == "added":
        del told["home/a"]
    if change == "changed":
        told["home/a"] = (1, "0" * 64)
    path = tmp_path / "forged.tar"
    text = replace(MADE, files=told).text()
    with tarfile.open(path, "w") as tar:
        for name, data in ((KEYS, content), ("home/a", content), (MANIFEST, text)):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    with pytest.raises(Refused, match=r"home/[ab]"):
        verified(path)


def test_a_newer_format_is_refused(tmp_path):
    said = json.loads(MADE.text()) | {"backup": FORMAT + 1}
    path = forged(tmp_path, tarfile.TarInfo(MANIFEST), content=json.dumps(said).encode())
    with pytest.raises(Refused, match="newer"):
        verified(path)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b'{"sha256": 1}', b"\xff", b"[" * 5000])
def test_a_list_of_contents_that_is_none_is_refused(tmp_path, text):
    with pytest.raises(Refused):
        verified(forged(tmp_path, tarfile.TarInfo(MANIFEST), content=text))


@pytest.mark.parametrize("content", [b"", b"x", b"\x1f\x8b" + b"x" * 600, b"\0" * 2048, b"x" * 2048])
def test_what_is_no_tar_is_refused(tmp_path, content):
    path = tmp_path / "b.tar"
    path.write_bytes(content)
    with pytest.raises(Refused):
        verified(path)


def test_one_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(Refused, match="cannot be read"):
        verified(tmp_path / "none.tar")
