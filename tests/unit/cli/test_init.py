"""A starter config is written once, and it is sound."""

import contextlib
import json
from pathlib import Path

from tests.unit.cli.conftest import Handrail


def test_what_init_writes_passes_the_check(handrail: Handrail, tmp_path: Path) -> None:
    place = tmp_path / "etc" / "handrail"
    ended = handrail.bare("init", str(place))
    assert (ended.code, ended.err) == (0, "")
    assert f"handrail check --config {place} --live" in ended.out
    assert sorted(path.name for path in place.iterdir()) == ["gateway.yaml", "policies", "routes.yaml", "schemas"]
    assert handrail.bare("check", "--config", str(place)).code == 0


def test_where_no_mx_record_is_to_change_there_is_nothing_to_route(handrail: Handrail, tmp_path: Path) -> None:
    place = tmp_path / "etc" / "handrail"
    ended = handrail.bare("init", "--mailbox-only", str(place))
    assert (ended.code, ended.err) == (0, "")
    assert "MX" not in ended.out
    assert "routes" not in ended.out
    assert sorted(path.name for path in place.iterdir()) == ["gateway.yaml", "policies", "schemas"]
    checked = handrail.bare("check", "--config", str(place))
    assert checked.code == 0
    assert "smtp" not in checked.out


def test_editors_find_the_schema_of_each_starter_file(handrail: Handrail, tmp_path: Path) -> None:
    assert handrail.bare("init", str(tmp_path / "starter")).code == 0
    for name in ("gateway", "routes"):
        first = (tmp_path / "starter" / f"{name}.yaml").read_text().splitlines()[0]
        assert first == f"# yaml-language-server: $schema=schemas/{name}.json"
    schemas = {path.name: json.loads(path.read_text()) for path in (tmp_path / "starter" / "schemas").iterdir()}
    assert schemas["policy.json"] == handrail.bare("schema", "policy").json
    assert {"gateway.json", "routes.json", "crisis-lines.json", "lexicon.json"} < set(schemas)


def test_the_usual_folder_needs_no_option_in_the_commands_to_come(handrail: Handrail, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    with contextlib.chdir(tmp_path / "work"):
        assert "`handrail check --live`" in handrail.bare("init").out
        assert handrail.bare("check").code == 0


def test_nothing_is_ever_overwritten(handrail: Handrail) -> None:
    before = (handrail.config / "gateway.yaml").read_bytes()
    ended = handrail.bare("init", str(handrail.config))
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == f"{handrail.config} has gateway.yaml already; name another folder."
    assert handrail.bare("init", "--mailbox-only", str(handrail.config)).code == 1
    assert (handrail.config / "gateway.yaml").read_bytes() == before
    assert not (handrail.config / "routes.yaml").exists()


def test_a_place_that_can_not_be_written_is_named(handrail: Handrail, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ended = handrail.bare("init", str(tmp_path / "file" / "config"))
    assert ended.code == 2
    assert ended.err == f"{tmp_path}/file/config can't be written (Not a directory); name another folder."
