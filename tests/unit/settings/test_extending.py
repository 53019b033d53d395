"""A policy of a few lines begins with another one, and says only what differs."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.policy.schema import AckWhen, AnswerWhen, PromiseKind, as_file
from gateway.settings.documents import parse
from gateway.settings.errors import SettingsError
from gateway.settings.extending import merged
from gateway.settings.load import load
from tests.unit.settings.test_load import folder_with


def test_a_policy_of_three_lines_is_the_preset_with_what_differs(tmp_path: Path) -> None:
    ours = "extends: mornings-billed\nhours: {days: mon-thu}\nbilling: {rate: 60.00 EUR}\n"
    policies = load(folder_with(tmp_path, policies__ours=ours)).policies
    mine, preset = as_file(policies["ours"]), as_file(policies["mornings-billed"])
    assert mine["extends"] == "mornings-billed"
    assert (mine["hours"]["days"], mine["hours"]["reading"]) == ("mon,tue,wed,thu", ["07:00-09:00"])
    assert (mine["billing"]["rate"], mine["billing"]["exempt"]) == ("60.00 EUR", preset["billing"]["exempt"])
    assert {key for key in mine if mine[key] != preset[key]} == {"extends", "hours", "billing"}


def test_a_list_or_a_single_value_replaces_and_an_empty_one_takes_away(tmp_path: Path) -> None:
    ours = "extends: mornings-billed\nbilling: {exempt: [scheduling], rate: null, cluster: null, suspended: []}\n"
    billing = load(folder_with(tmp_path, policies__ours=ours)).policies["ours"].billing
    assert billing.exempt == ("scheduling",)
    assert (billing.rate, billing.cluster, billing.suspended) == (None, None, ())


def test_a_chain_is_followed_to_its_end(tmp_path: Path) -> None:
    files = {
        "policies__house": "extends: open-door\nacknowledge: {when: first}\nsummary: {en: Ours., de: Unsere.}\n",
        "policies__ana": "extends: house\nanswer: {promise: none}\nsummary: {de: Meine.}\n",
    }
    ana = load(folder_with(tmp_path, **files)).policies["ana"]
    assert ana.extends == "house"
    assert ana.acknowledge.when == {AckWhen.FIRST}
    assert ana.urgency.alert == "urgent"
    assert ana.summary == {"en": "Ours.", "de": "Meine."}


def test_what_follows_from_a_promise_follows_from_the_one_that_is_left(tmp_path: Path) -> None:
    files = {"policies__a": "extends: open-door\nanswer: {promise: none}\n", "policies__b": "extends: open-door\n"}
    policies = load(folder_with(tmp_path, **files)).policies
    assert policies["a"].answer.when is AnswerWhen.SOMETIMES
    assert policies["b"].answer.when is AnswerWhen.ALWAYS


def test_a_file_of_a_shipped_policys_name_may_begin_with_that_one(tmp_path: Path) -> None:
    policies = load(
        folder_with(tmp_path, **{"policies__open-door": "extends: open-door\nhours: {days: mon-fri}\n"})
    ).policies
    assert policies["open-door"].answer.promise.what is PromiseKind.WITHIN
    assert len(policies["open-door"].hours.days) == 5


def test_shipped_policies_that_extend_one_follow_the_practices_own_of_that_name(tmp_path: Path) -> None:
    own = {"policies__phone-in-crisis": "extends: phone-in-crisis\nurgency: {alert: urgent}\n"}
    policies = load(folder_with(tmp_path, **own)).policies
    assert policies["no-crisis-by-email"].urgency.alert == "urgent"
    assert not policies["no-crisis-by-email"].urgency.by_email


def test_a_value_that_can_not_be_is_told_where_it_stands_and_once(tmp_path: Path) -> None:
    files = {
        "policies__base": "summary: Ours.\nhours:\n  reading: 7 to 9\n",
        "policies__one": "extends: base\nhours: {days: mon-fri}\n",
        "policies__two": "extends: one\n",
    }
    with pytest.raises(SettingsError) as refused:
        load(folder_with(tmp_path, **files))
    (fault,) = refused.value.faults
    assert (fault.file, fault.line, fault.column, fault.key) == ("policies/base.yaml", 3, 12, "hours.reading")


def test_a_fault_of_the_child_is_told_in_the_child(tmp_path: Path) -> None:
    files = {
        "policies__base": "hours: {reading: 07:00-09:00}\n",
        "policies__one": "extends: base\nhours: {days: daily}\n",
    }
    with pytest.raises(SettingsError) as refused:
        load(folder_with(tmp_path, **files))
    (fault,) = refused.value.faults
    assert (fault.file, fault.line, fault.column) == ("policies/one.yaml", 2, 15)


def test_a_parent_that_can_not_be_read_is_told_once(tmp_path: Path) -> None:
    files = {"policies__base": "hours: {reading: [\n", "policies__one": "extends: base\n"}
    with pytest.raises(SettingsError) as refused:
        load(folder_with(tmp_path, **files))
    assert [fault.file for fault in refused.value.faults] == ["policies/base.yaml"]


_VALUES = st.recursive(
    st.integers(0, 3), lambda inner: st.dictionaries(st.sampled_from("abc"), inner) | st.lists(inner, max_size=2)
)
_FILES = st.dictionaries(st.sampled_from("abc"), _VALUES)


@given(_FILES, _FILES)
def test_merging_keeps_all_of_the_child_and_knows_where_each_value_stands(mine: object, theirs: object) -> None:
    child, parent = parse(str(mine), "child.yaml"), parse(str(theirs), "parent.yaml")
    whole = merged(child, parent)
    assert merged(child, whole).data == whole.data
    _holds(whole.data, child.data)
    for key, place in whole.values.items():
        source = child if whole.files[key] == "child.yaml" else parent
        assert source.values[key] == place


def _holds(whole: object, part: object) -> None:
    if isinstance(part, dict):
        assert isinstance(whole, dict)
        for name, value in part.items():
            _holds(whole[name], value)
    else:
        assert whole == part
