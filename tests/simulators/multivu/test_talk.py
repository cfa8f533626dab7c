"""The rules of a session, as the official client and server keep them."""

from __future__ import annotations

import pytest

from instruments.multivu_frames import pack
from simulators.machines import DYNACOOL_9T, PPMS_9T
from simulators.multivu.server import LATENCY, MultiVuSettings, spoken_version
from simulators.multivu.talk import MOST_QUEUED
from tests.multivu import Bench, request

VERSION = MultiVuSettings(version="3.8.0", multivu_version="sim", flags="st")


def test_the_captured_start_to_the_word():
    client = Bench(settings=VERSION).client()
    assert client.exchange("START") | {"id": ""} == {
        "id": "",
        "action": "START",
        "query": "3.8.0;mv=sim;s;t",
        "result": "Connected to VERSALAB MultiVuServer at ('127.0.0.1', 40001)",
        "message_type": "completed",
    }


@pytest.mark.parametrize("machine", [PPMS_9T, DYNACOOL_9T])
def test_the_flavour_is_the_machines(machine):
    assert f"Connected to {machine.flavour} Multi" in Bench(machine).client().ask("START")


def test_the_version_is_the_installed_ones_and_no_flag_is_set():
    assert Bench().client().exchange("START")["query"] == f"{spoken_version()};mv=simulated"
    odd = Bench(settings=MultiVuSettings(version="3.7.0", multivu_version="2;3"))
    assert odd.client().exchange("START")["query"] == "3.7.0;mv=2,3"


def test_a_second_client_is_turned_away_and_hung_up_on():
    bench = Bench()
    first, second = bench.client(), bench.client()
    first.ask("START")
    answer = second.exchange("START")
    assert answer["query"] == ""
    assert answer["result"] == ("Connection attempt rejected from ('127.0.0.1', 40002): another client is connected.")
    with pytest.raises(ConnectionResetError):
        second.wire.receive(1.0)
    assert first.ask("TEMP?") == "300.0,K,Stable"


@pytest.mark.parametrize("leave", ["CLOSE", "EXIT", "hang up", "nonsense"])
def test_the_server_is_free_again_when_its_client_is_gone(leave: str):
    bench = Bench()
    first = bench.client()
    first.ask("START")
    assert bench.client().ask("STATUS") == "connected"
    if leave == "hang up":
        first.wire.close()
    elif leave == "nonsense":
        first.wire.send(b"\x00\x05hello")
        with pytest.raises(ConnectionResetError):
            first.wire.receive(1.0)
        first.wire.close()  # as the door does with whoever is hung up on
    else:
        first.ask(leave)
    assert bench.client().ask("STATUS") == "idle"
    assert bench.client().ask("START").startswith("Connected")


def test_leaving_in_words():
    bench = Bench()
    client = bench.client()
    client.ask("START")
    answer = client.exchange("CLOSE")
    assert (answer["query"], answer["result"]) == ("CLOSE", "Client ('127.0.0.1', 40001) disconnected.")
    answer = bench.client().exchange("EXIT")
    assert (answer["query"], answer["result"]) == ("EXIT", "Closing client and exiting server.")


@pytest.mark.parametrize(
    ("action", "result"), [("ALIVE", "Connected to VERSALAB MultiVuServer at "), ("STATUS", "idle")]
)
def test_a_stranger_may_ask_without_start_and_is_hung_up_on(action: str, result: str):
    client = Bench().client()
    answer = client.exchange(action)
    assert answer["query"] == action
    assert answer["result"].startswith(result)
    with pytest.raises(ConnectionResetError):
        client.wire.receive(1.0)


def test_the_client_that_holds_the_server_may_ask_the_same_and_stays():
    client = Bench().client()
    client.ask("START")
    assert client.ask("STATUS") == "connected"
    assert client.ask("ALIVE").startswith("Connected to")
    assert client.ask("TEMP?") == "300.0,K,Stable"


def test_exit_from_a_stranger_is_acknowledged_and_stops_nothing_but_where_that_is_wanted():
    bench = Bench()
    first, stranger = bench.client(), bench.client()
    first.ask("START")
    assert stranger.ask("EXIT") == "Closing client and exiting server."
    assert not bench.server.stopped
    assert first.ask("TEMP?") == "300.0,K,Stable"
    bench = Bench(settings=MultiVuSettings(exits=True))
    bench.client().ask("EXIT")
    assert bench.server.stopped


# ---- repeated requests


def field_set(bench: Bench) -> int:
    return bench.cryostat.revision


def test_a_repeated_request_is_confirmed_again_and_not_carried_out_twice():
    bench = Bench()
    client = bench.client()
    asked = request("FIELD", "100.0,50.0,0,1")
    client.say(asked)
    first = client.hear(0.1)
    assert [frame["message_type"] for frame in first] == ["confirmed", "completed"]
    client.say(asked)
    assert client.hear(0.1) == first
    assert field_set(bench) == 1


def test_a_repetition_in_the_same_breath_is_passed_over():
    bench = Bench()
    client = bench.client()
    asked = request("FIELD", "100.0,50.0,0,1")
    client.say(asked, asked, asked)
    assert [frame["message_type"] for frame in client.hear(0.1)] == ["confirmed", "completed"]
    assert field_set(bench) == 1


def test_a_request_repeated_while_it_is_carried_out_is_confirmed():
    bench = Bench()
    client = bench.client()
    client.ask("FIELD", "1000.0,50.0,0,1")
    asked = request("WAITFOR", "0.0,0.0,2")
    client.say(asked)
    assert [frame["message_type"] for frame in client.hear(1.0)][:1] == ["confirmed"]
    client.say(asked)
    kinds = [frame["message_type"] for frame in client.hear(60.0)]
    assert kinds == ["confirmed", "completed"]


def test_requests_in_one_breath_are_all_confirmed_at_once_and_answered_in_their_order():
    client = Bench().client()
    asked = [request("TEMP?"), request("FIELD?"), request("CHAMBER?")]
    client.say(*asked)
    heard = client.hear(0.1)
    assert [frame["message_type"] for frame in heard[:3]] == ["confirmed"] * 3
    assert [frame["id"] for frame in heard if frame["message_type"] == "completed"] == [body["id"] for body in asked]


def test_too_many_requests_in_one_breath_are_no_dialogue():
    client = Bench().client()
    client.say(*[request("WAITFOR", "0.0,0.0,3") for _ in range(MOST_QUEUED + 2)])
    with pytest.raises(ConnectionResetError):
        client.hear(1.0)


@pytest.mark.parametrize(
    "body",
    [{"action": "TEMP?", "query": ""}, {"id": "1", "query": ""}, {"id": "1", "action": "TEMP?"}, {}],
)
def test_a_request_that_lacks_something_ends_the_conversation(body: dict[str, str]):
    client = Bench().client()
    client.wire.send(pack(body))
    with pytest.raises(ConnectionResetError):
        client.wire.receive(1.0)


# ---- time


def test_an_answer_takes_its_latency_on_a_virtual_clock_and_the_confirmation_none():
    bench = Bench()
    client = bench.client()
    client.say(request("TEMP?"))
    assert b"confirmed" in client.wire.receive(0.0)
    assert bench.clock.now() == 0.0
    assert b"completed" in client.wire.receive(1.0)
    assert bench.clock.now() == LATENCY
    slow = Bench(settings=MultiVuSettings(latency=0.088))
    slow.client().ask("TEMP?")
    assert slow.clock.now() == pytest.approx(0.088)


def test_others_are_answered_while_somebody_waits():
    bench = Bench()
    waiting, other = bench.client(), bench.client()
    waiting.ask("START")
    waiting.ask("FIELD", "1000.0,50.0,0,1")
    waiting.say(request("WAITFOR", "0.0,0.0,2"))
    before = bench.clock.now()
    assert other.ask("ALIVE").startswith("Connected to")
    assert bench.client().ask("STATUS") == "connected"
    assert bench.client().ask("FIELD?").endswith("Oe,Holding (driven)")  # the magnet has not noticed yet
    assert bench.clock.now() - before < 0.1
    assert waiting.hear(60.0)[-1]["result"] == "WAITFOR Command Received,0"


def test_who_hangs_up_waits_no_longer():
    bench = Bench()
    client = bench.client()
    client.ask("FIELD", "1000.0,50.0,0,1")
    client.say(request("WAITFOR", "0.0,0.0,2"), request("WAITFOR", "0.0,0.0,2"))
    client.wire.close()
    assert bench.timeline.next_time() is None
