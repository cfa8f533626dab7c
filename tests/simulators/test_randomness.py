"""Random streams, and a lab in which nothing fluctuates."""

from __future__ import annotations

import numpy as np
import pytest

from instruments.clock import VirtualClock
from labctl.sample import load_sample
from labctl.simulation import build_lab
from labctl.station import load_station
from simulators.lab import Lab
from simulators.randomness import Gaussian, Still, Streams, TimedGaussian
from tests.simulated import ask


def test_a_quiet_stream_gives_the_middle_of_what_it_could_give() -> None:
    noise = Streams(1, 0, quiet=True).noise("meter")
    assert noise.standard_normal() == 0.0
    assert noise.standard_normal(3).tolist() == [0.0, 0.0, 0.0]
    assert noise.standard_exponential(2).tolist() == [1.0, 1.0]
    assert noise.uniform(-1.0, 2.0) == 0.5
    assert noise.uniform(0.0, 2.0, (1, 2)).tolist() == [[1.0, 1.0]]
    assert Gaussian(noise)() == 0.0
    assert [TimedGaussian(noise, 0.1).at(time) for time in (0.0, 500.0)] == [0.0, 0.0]


def test_disorder_is_no_noise_and_stays() -> None:
    quiet, loud = (Streams(1, 5, quiet=still).disorder("barriers").standard_normal(4) for still in (True, False))
    assert quiet.tolist() == loud.tolist()
    assert np.any(quiet != 0.0)


def test_a_stream_is_not_quiet_unless_it_is_asked_to_be() -> None:
    streams = Streams(1, 0)
    assert not isinstance(streams.noise("meter"), Still)
    assert TimedGaussian(streams.noise("field"), 0.1).at(0.0) != 0.0


def readings(lab: Lab) -> list[bytes]:
    meter, cryostat = lab.devices["voltmeter"], lab.devices["cryostat"]
    ask(lab, meter, b"*RST;:SENS:VOLT:NPLC 1;:SYST:ERR?\n")
    return [answer for _ in range(3) for answer in (ask(lab, meter, b"READ?\n"), ask(lab, cryostat, b"GETDAT? 6\r\n"))]


@pytest.mark.parametrize("quiet", [True, False])
def test_in_a_quiet_lab_the_seed_changes_nothing_and_an_hour_neither(quiet: bool) -> None:
    labs = [
        build_lab(
            load_station("ppms"), load_sample("cotb2025"), VirtualClock(start), seed=seed, sample_seed=0, quiet=quiet
        )
        for seed, start in ((1, 0.0), (2, 0.0), (1, 3600.0))
    ]
    first, *others = ([answer.split(b",")[-2:] for answer in readings(lab)] for lab in labs)
    assert [other == first for other in others] == [quiet, quiet]
