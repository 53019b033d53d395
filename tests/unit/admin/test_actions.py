"""What an admin can do, and what is refused with the names that would do."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from gateway.admin.actions import Actions, UnknownName
from gateway.core.history import Note
from gateway.core.policy.client import Client
from tests.unit.admin.house import Memory, pending, settings
from tests.unit.core.billing.lives import MONDAY

CLEO = Client(address="cleo@client.example", name="Cleo", urgent_word="lighthouse")


def actions(memory: Memory, woken: list[str] | None = None) -> Actions:
    return Actions(settings, memory, memory, memory, lambda: woken.append("outbox") if woken is not None else None)


async def test_a_retried_effect_is_due_at_once_and_wakes_the_outbox() -> None:
    memory, woken = Memory(effects=[pending(7, "given-up")]), []
    assert await actions(memory, woken).retry(7)
    assert memory.effects[0].state == "pending"
    assert woken == ["outbox"]


async def test_what_is_not_there_is_neither_retried_nor_dropped() -> None:
    woken: list[str] = []
    assert not await actions(Memory(), woken).retry(7)
    assert not await actions(Memory(), woken).drop(7)
    assert woken == []


async def test_a_dropped_effect_is_gone() -> None:
    memory = Memory(effects=[pending(7)])
    assert await actions(memory).drop(7)
    assert memory.effects == []


async def test_a_client_is_saved_and_forgotten_without_a_word_of_them_in_the_log() -> None:
    memory = Memory()
    with capture_logs() as logged:
        await actions(memory).save_client("ana", CLEO)
        assert memory.roster == {("ana", CLEO.address): CLEO}
        assert await actions(memory).forget_client("ana", CLEO.address)
        assert not await actions(memory).forget_client("ana", CLEO.address)
    assert [entry["event"] for entry in logged] == ["clients-saved", "client-forgotten"]
    assert "leo" not in str(logged)


async def test_an_unknown_mailbox_or_policy_is_refused_with_the_known_names() -> None:
    with pytest.raises(UnknownName, match="no mailbox 'anna' in the settings; there is ana"):
        await actions(Memory()).save_client("anna", CLEO)
    with pytest.raises(UnknownName, match="no policy 'gone' in the settings; there is mornings-billed"):
        await actions(Memory()).save_client("ana", CLEO.model_copy(update={"policy": "gone"}))


async def test_of_several_clients_none_is_saved_where_one_can_not_be() -> None:
    memory, odd = Memory(), Client(address="odd@client.example", policy="gone")
    with pytest.raises(UnknownName, match="no policy 'gone'"):
        await actions(memory).save_clients("ana", (CLEO, odd))
    assert memory.roster == {}
    await actions(memory).save_clients("ana", (CLEO, odd.model_copy(update={"policy": ""})))
    assert sorted(address for _, address in memory.roster) == ["cleo@client.example", "odd@client.example"]


async def test_a_presence_note_is_kept_and_ended_without_its_words_in_the_log() -> None:
    memory, note = Memory(), Note("By the sea.", MONDAY, MONDAY + timedelta(days=9))
    with capture_logs() as logged:
        await actions(memory).keep_note("ana", note)
        assert memory.notes == {"ana": note}
        assert await actions(memory).end_note("ana")
        assert not await actions(memory).end_note("ana")
    assert memory.notes == {}
    assert [(entry["event"], entry["kept"]) for entry in logged] == [
        ("presence-note", True),
        ("presence-note", False),
        ("presence-note", False),
    ]
    assert "sea" not in str(logged)


async def test_a_note_of_no_mailbox_is_refused() -> None:
    with pytest.raises(UnknownName, match="no mailbox 'anna'"):
        await actions(Memory()).end_note("anna")
    with pytest.raises(UnknownName, match="no mailbox 'anna'"):
        await actions(Memory()).keep_note("anna", Note("By the sea.", MONDAY, MONDAY))
