"""Waiting for stability: what it costs in lab time, and how it ends."""

from __future__ import annotations

import pytest

from instruments.clock import VirtualClock
from simulators.machines import OERSTED
from simulators.multivu.waiting import FIELD_DISTANCE, POLL
from tests.multivu import Bench, Client

GOOD, TIMED_OUT = "WAITFOR Command Received,0", "WAITFOR Command Received,258"


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def client(bench: Bench) -> Client:
    return bench.client()


@pytest.mark.parametrize("mask", [0, 1, 2, 3, 8, 11])
def test_what_is_stable_already_takes_a_pause_and_two_looks(bench: Bench, client: Client, mask: int):
    assert client.ask("WAITFOR", f"0.0,0.0,{mask}") == GOOD
    assert bench.clock.now() == pytest.approx((3 if mask else 2) * POLL + bench.server.latency)


def test_the_delay_follows_stability(bench: Bench, client: Client):
    assert client.ask("WAITFOR", "10.0,0.0,1") == GOOD
    assert 10 + 3 * POLL <= bench.clock.now() <= 10 + 5 * POLL


def test_a_field_is_waited_for_until_it_is_there(bench: Bench, client: Client):
    client.ask("FIELD", "3000.0,100.0,0,1")
    assert client.ask("WAITFOR", "0.0,0.0,2", seconds=600) == GOOD
    assert abs(bench.cryostat.read_field() / OERSTED - 3000) <= max(FIELD_DISTANCE, 0.005 * 3000)
    assert 30 < bench.clock.now() < 40
    assert client.ask("FIELD?").endswith("Holding (driven)")


def test_a_wait_that_comes_at_once_is_not_fooled_by_the_old_state(bench: Bench, client: Client):
    """Just told, the magnet still shows that it holds; but the set point is read, and the field is not there."""
    client.ask("FIELD", "100.0,10.0,0,1")
    assert client.ask("FIELD?").endswith("Holding (driven)")
    assert client.ask("WAITFOR?", "2") == "0,,Call was successful"
    assert client.ask("WAITFOR", "0.0,0.0,2") == GOOD
    assert bench.clock.now() > 10


def test_a_temperature_is_settled_when_its_state_says_so(bench: Bench, client: Client):
    client.ask("TEMP", "290.0,10.0,0")
    bench.clock.sleep(2.0)
    assert client.ask("WAITFOR", "0.0,0.0,1", seconds=3600) == GOOD
    assert client.ask("TEMP?").endswith("Stable")
    assert bench.cryostat.read_temperature() == pytest.approx(290, abs=0.3)


def test_standby_counts_as_settled_so_that_nobody_waits_for_ever(bench: Bench, client: Client):
    client.ask("TEMP", "290.0,10.0,0")
    bench.clock.sleep(5.0)
    bench.cryostat.stand_by()
    bench.clock.sleep(5.0)
    assert client.ask("TEMP?").endswith("Standby")
    assert client.ask("WAITFOR", "0.0,0.0,1") == GOOD


@pytest.mark.parametrize(("mode", "state"), [(1, "Purged and Sealed"), (5, "HiVac"), (2, "Vented and Sealed")])
def test_the_chamber_is_waited_for_by_what_it_was_told(bench: Bench, client: Client, mode: int, state: str):
    client.ask("CHAMBER", str(mode))
    assert client.ask("WAITFOR", "0.0,0.0,8", seconds=600) == GOOD
    assert client.ask("CHAMBER?") == f"0.0,,{state}"
    assert bench.clock.now() > 100


@pytest.mark.parametrize("delay", ["0.0", "100.0"])
def test_the_time_limit(bench: Bench, client: Client, delay: str):
    if delay == "0.0":
        client.ask("FIELD", "30000.0,10.0,0,1")
    began = bench.clock.now()
    assert client.ask("WAITFOR", f"{delay},20.0,2") == TIMED_OUT
    assert 20 < bench.clock.now() - began < 20 + 4 * POLL


def test_a_look_takes_the_servers_pause(bench: Bench, client: Client):
    assert client.ask("WAITFOR?", "3") == "1,,Call was successful"
    assert bench.clock.now() == pytest.approx(POLL + bench.server.latency)
    client.ask("TEMP", "200.0,10.0,0")
    bench.clock.sleep(5.0)
    assert client.ask("WAITFOR?", "1") == "0,,Call was successful"
    assert client.ask("WAITFOR?", "2") == "1,,Call was successful"


@pytest.mark.parametrize("query", ["5", "5,0", "5,0,0", "5.0,0.0,-1"])
def test_parameters_may_be_left_out_and_masks_have_no_sign(client: Client, query: str):
    assert client.ask("WAITFOR", query) == GOOD


def test_an_hour_of_waiting_is_over_in_a_moment():
    clock = VirtualClock()
    bench = Bench(clock=clock)
    client = bench.client()
    client.ask("FIELD", "30000.0,10.0,0,1")
    assert client.ask("WAITFOR", "0.0,0.0,2", seconds=7200) == GOOD
    assert 3000 < clock.now() < 3100
