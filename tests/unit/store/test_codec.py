"""Events taken apart for the tables: what names a person is never among the open parts."""

from dataclasses import fields
from typing import get_args

import pytest

from gateway.core.events import (
    PERSONAL,
    Event,
    NotWithdrawn,
    Recategorised,
    Received,
    Seen,
    Waived,
    Withdrawn,
)
from gateway.store import codec
from tests.ports.record_samples import START, received


def test_every_personal_field_is_sealed():
    parts = codec.take_apart(received())
    assert set(parts.personal) >= PERSONAL & {field.name for field in fields(Received)}
    assert "client.example" not in parts.open
    assert "Jonas" not in parts.open


MOMENTS: list[Event] = [
    received(),
    Seen(at=START, since=START, bulk=True),
    Withdrawn(at=START),
    NotWithdrawn(at=START, why="gone"),
    Waived(at=START, by="page", note="We met Jonas's mother."),
    Recategorised(at=START, category="scheduling", by="command"),
]


@pytest.mark.parametrize("event", MOMENTS, ids=lambda event: event.kind)
def test_an_event_comes_together_again(event: Event):
    assert codec.put_together(event.kind, event.at, codec.take_apart(event)) == event


def test_a_therapists_reason_to_charge_nothing_is_sealed():
    parts = codec.take_apart(Waived(at=START, by="page", note="We met Jonas's mother."))
    assert "Jonas" not in parts.open
    assert "Jonas" in parts.personal["note"]


def test_an_erased_event_reads_as_empty_where_it_named_somebody():
    bare = codec.put_together("received", START, codec.Parts(codec.take_apart(received()).open, {}))
    assert all(not getattr(bare, name) for name in codec.SEALED if hasattr(bare, name))


@pytest.mark.parametrize("event", get_args(Event))
def test_an_event_has_no_sealed_field_but_text_and_reasons(event: type[Event]):
    for field in fields(event):
        if field.name in codec.SEALED:
            assert field.type == "str" or field.name == "reasons"
