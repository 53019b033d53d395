"""Secrets from the environment, files and systemd credentials; the key file that is made once."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.credentials import CredentialError, Missing, Unsafe, key_for, key_ring, read_secret
from gateway.settings.sign_in import Secret

KEY = Secret(file=Path("handrail.key"))


@contextmanager
def environment(**values: str) -> Iterator[None]:
    os.environ.update(values)
    try:
        yield
    finally:
        for name in values:
            del os.environ[name]


def test_a_secret_file_lies_in_the_config_folder_and_loses_its_line_end(tmp_path: Path):
    (tmp_path / "password").write_text(" top secret \n")
    assert read_secret(Secret(file=Path("password")), tmp_path) == " top secret "


def test_a_secret_is_read_from_the_environment(tmp_path: Path):
    with environment(HANDRAIL_TEST_SECRET="from env"):
        assert read_secret(Secret(env="HANDRAIL_TEST_SECRET"), tmp_path) == "from env"


def test_a_key_for_a_purpose_outlives_a_new_key_and_tells_neither_the_other_nor_the_one_that_it_comes_from():
    old, new = bytes(32), bytes([1]) * 32
    link = key_for("links", [old])
    assert len(link) == 32
    assert key_for("links", [new, old]) == link
    assert len({link, old, key_for("else", [old]), key_for("links", [new])}) == 4


def test_a_systemd_credential_is_read_from_its_directory(tmp_path: Path):
    (tmp_path / "smarthost").write_text("from systemd\n")
    with environment(CREDENTIALS_DIRECTORY=str(tmp_path)):
        assert read_secret(Secret(credential="smarthost"), tmp_path / "elsewhere") == "from systemd"


@pytest.mark.parametrize(
    ("secret", "place", "mend"),
    [
        (Secret(env="HANDRAIL_NOT_SET"), "HANDRAIL_NOT_SET", "set it"),
        (Secret(file=Path("nowhere")), "nowhere", "put the secret there"),
        (Secret(credential="smarthost"), "smarthost", "LoadCredential"),
        (Secret(), "no place", "{env: NAME}"),
    ],
)
def test_a_missing_secret_is_named_with_the_mend(secret: Secret, place: str, mend: str, tmp_path: Path):
    with pytest.raises(Missing) as caught:
        read_secret(secret, tmp_path)
    assert place in str(caught.value)
    assert mend in str(caught.value)


def test_a_missing_key_file_is_made_for_its_owner_alone_and_never_overwritten(tmp_path: Path):
    first = key_ring(KEY, tmp_path)
    assert [len(key) for key in first] == [32]
    assert (tmp_path / "handrail.key").stat().st_mode & 0o777 == 0o600
    assert key_ring(KEY, tmp_path) == first
    assert [path.name for path in tmp_path.iterdir()] == ["handrail.key"]


def test_two_that_start_at_once_agree_on_one_key(tmp_path: Path):
    rings: list[list[bytes]] = []
    barrier = threading.Barrier(8)

    def start() -> None:
        barrier.wait()
        rings.append(key_ring(KEY, tmp_path))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rings == [rings[0]] * 8
    assert [path.name for path in tmp_path.iterdir()] == ["handrail.key"]


def test_a_key_is_never_made_for_the_environment_or_a_credential(tmp_path: Path):
    with environment(CREDENTIALS_DIRECTORY=str(tmp_path)):
        for secret in (Secret(env="HANDRAIL_NOT_SET"), Secret(credential="key")):
            with pytest.raises(Missing):
                key_ring(secret, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_file_that_others_can_read_is_refused_with_the_command_that_mends_it(mode: int, tmp_path: Path):
    key_ring(KEY, tmp_path)
    (tmp_path / "handrail.key").chmod(mode)
    with pytest.raises(Unsafe, match=r"chmod 600 .*handrail.key"):
        key_ring(KEY, tmp_path)


def test_a_key_ring_has_a_key_a_line_the_newest_first(tmp_path: Path):
    with environment(HANDRAIL_TEST_KEYS=f"# newest first\n{'ab' * 32}\n\n{'cd' * 32}\n"):
        assert key_ring(Secret(env="HANDRAIL_TEST_KEYS"), tmp_path) == [b"\xab" * 32, b"\xcd" * 32]


@pytest.mark.parametrize("text", ["", "# nothing\n", "canary-secret\n", "ab" * 31, "zz" * 32])
def test_what_is_no_key_is_refused_without_being_shown(text: str, tmp_path: Path):
    (tmp_path / "handrail.key").write_text(text)
    (tmp_path / "handrail.key").chmod(0o600)
    with pytest.raises(CredentialError) as caught:
        key_ring(KEY, tmp_path)
    assert "canary" not in str(caught.value)
    assert "handrail.key" in str(caught.value)


def test_a_key_file_that_cannot_be_made_says_so(tmp_path: Path):
    (tmp_path / "taken").write_text("a file where the folder should be")
    with pytest.raises(Missing, match=r"taken/key.* can't be made"):
        key_ring(Secret(file=Path("taken/key")), tmp_path)
