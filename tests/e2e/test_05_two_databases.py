"""The main job over PostgreSQL; and mail first: while the database is down mail flows, and the bookkeeping catches up
from the mailbox afterwards.

    client --SMTP--> gateway --LMTP--> Dovecot
                        '----> PostgreSQL, stopped and started again
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.e2e.practice import CARLA, Practice, letter, open_practice, until
from tests.servers.postgres import Postgres, running_postgres


@pytest.fixture
def over_postgres() -> Iterator[tuple[Practice, Postgres]]:
    with ExitStack() as stack:
        database = stack.enter_context(running_postgres())
        practice = stack.enter_context(open_practice(store=database.fresh_database()))
        practice.start()
        yield practice, database
        practice.stop()


def test_the_main_job_over_postgresql_and_through_an_outage(over_postgres: tuple[Practice, Postgres]) -> None:
    practice, database = over_postgres
    before_id, before = letter("before", "The database is up.")
    practice.send(before)
    until(lambda: practice.answers_to(CARLA, before_id), "the ack")

    database.stop()
    during_id, during = letter("during", "The database is down.")
    practice.send(during)
    with practice.therapist() as program:
        assert program.find(during_id)
    assert practice.answers_to(CARLA, during_id) == []
    assert practice.run("status", check=False).returncode == 1

    database.start()
    until(lambda: practice.answers_to(CARLA, during_id), "the ack, once the mailbox told of the message", seconds=90)
    assert len(practice.answers_to(CARLA, during_id)) == 1
    assert len(practice.answers_to(CARLA, before_id)) == 1


def test_a_database_that_is_down_at_the_start_keeps_no_mail_waiting() -> None:
    with running_postgres() as database, open_practice(store=database.fresh_database()) as practice:
        database.stop()
        practice.start()
        message_id, content = letter("early", "Is anybody there?")
        practice.send(content)
        with practice.therapist() as program:
            assert program.find(message_id)
        database.start()
        until(lambda: practice.answers_to(CARLA, message_id), "the ack, once the database is there", seconds=90)
        practice.stop()
