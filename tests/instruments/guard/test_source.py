"""What may be said to a 6221: single values, what several settings do together, and what cannot be seen."""

from __future__ import annotations

import pytest

from instruments.errors import LimitExceeded
from instruments.guard.rules import SourceRules
from instruments.guard.sentences import Speaker
from instruments.tables.keithley6221 import TABLE
from tests.instruments.guard.guarded import GuardedBench, bench, limits

WAVE = "SOUR:WAVE:"


def passes(on: GuardedBench, *messages: str) -> None:
    source = on.open()
    for message in messages:
        source.write(message)


def refuses(on: GuardedBench, message: str, match: str) -> None:
    before = len(on.heard)
    with pytest.raises(LimitExceeded, match=match) as caught:
        on.open().write(message)
    assert len(on.heard) == before
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("the source at GPIB0::12::INSTR: ")


@pytest.mark.parametrize(
    "message",
    [
        "SOUR:CURR 450e-6", "SOUR:CURR -0.00045", "sour:curr 450 UA",
        "SOURCE1:CURRENT:LEVEL:IMMEDIATE:AMPLITUDE 0.45 ma", ":CURR 4.5E-4", "\tSOUR:CURR\t.00045 ",
        "SOUR:CURR:COMP 15", "SOUR:CURR:COMP 15.00", "SOUR:CURR DEF",
        "SOUR:CURR:RANG 0.1", "SOUR:LIST:CURR 0,0.0225,-22.5 MA,0", "SOUR:WAVE:AMPL 22.5e-3", "SOUR:DELT:HIGH 450 UA",
        "SOUR:CURR:SPAN 45e-3", "SOUR:CURR? MAX", "SOUR:CURR 1e-32000", "FOO:BAR?", "*RST", "OUTP 0", "SOUR:CLE",
    ],
)  # fmt: skip
def test_what_is_within_the_limits_passes(message: str) -> None:
    passes(bench(), message)


@pytest.mark.parametrize(
    ("message", "value", "limit"),
    [
        ("SOUR:CURR 450.0001e-6", "450.0001 uA", "450 uA"),
        ("SOUR:CURR -0.00046", "460 uA", "450 uA"),
        ("SOUR:CURR 0.00045000000000000004", "450.00000000000004 uA", "450 uA"),
        (":sour:curr MAX", "105 mA", "450 uA"),
        ("SOUR1:CURR 1 MA", "1 mA", "450 uA"),
        ("CURR:LEV 1", "1 A", "450 uA"),
        ("SOUR:CURR 5", "5 A", "450 uA"),
        ("SOUR:CURR 1e300", "1e300 A", "450 uA"),
        ("SOUR:CURR 0,1", "1 A", "450 uA"),
        ("SOUR:CURR:COMP 15.01", "15.01 V", "15 V"),
        ("SOUR:CURR:COMP 200", "200 V", "15 V"),
        ("SOUR:CURR:LEV 1e-6;COMP 200", "200 V", "15 V"),
        ("SOUR:CURR:COMP MAX", "105 V", "15 V"),
        ("SOUR:CURR:STAR 0.0226", "22.6 mA", "22.5 mA"),
        ("SOUR:CURR:STOP -0.0226", "22.6 mA", "22.5 mA"),
        ("SOUR:CURR:CENT 0.03", "30 mA", "22.5 mA"),
        ("SOUR:CURR:SPAN 0.046", "23 mA", "22.5 mA"),
        ("SOUR:CURR:STEP 0.1", "50 mA", "22.5 mA"),
        ("SOUR:LIST:CURR 0,1e-3,0.023", "23 mA", "22.5 mA"),
        ("SOUR:LIST:CURR:APP 0.023", "23 mA", "22.5 mA"),
        ("SOUR:LIST:COMP 5,15.5", "15.5 V", "15 V"),
        ("SOUR:WAVE:AMPL 0.05", "50 mA", "22.5 mA"),
        ("SOUR:WAVE:OFFS -0.05", "50 mA", "22.5 mA"),
        ("SOUR:DELT:HIGH 0.00046", "460 uA", "450 uA"),
        ("SOUR:DELT:LOW -0.00046", "460 uA", "450 uA"),
        ("SOUR:PDEL:HIGH 0.0226", "22.6 mA", "22.5 mA"),
        ("SOUR:DCON:STAR -1e-3", "1 mA", "450 uA"),
        ("SOUR:DCON:DELT 1e-3", "1 mA", "450 uA"),
    ],
)
def test_a_value_beyond_a_limit_is_named_with_the_limit(message: str, value: str, limit: str) -> None:
    refuses(bench(), message, rf"would be {value}.*the limit of station 'bench', {limit}; nothing was sent")


@pytest.mark.parametrize(
    "text", ["nan", "inf", "INF", "#HFF", "#15hello", "1_0", "0x1", "'1e-5'", "1 2", "1e", "", "9" * 400, "1e99999"]
)
def test_what_is_no_number_is_refused_with_the_limit(text: str) -> None:
    refuses(bench(), f"SOUR:CURR {text}", "station 'bench' has a limit of 450 uA for it")


@pytest.mark.parametrize(
    "data",
    [
        b"SOUR:CURR\xd31e-5\n",
        b"\xd3OUR:CURR 1\n",
        b"*CLS\0\n",
        b"*CLS\x7f\n",
        b"*CLS\rSOUR:CURR 1\n",
        b'DISP:TEXT:DATA "\xb5A"\n',
    ],
)
def test_bytes_that_can_hide_a_command_are_refused(data: bytes) -> None:
    on = bench()
    with pytest.raises(LimitExceeded, match="was not sent, because it has"):
        on.open().write_raw(data)
    assert on.heard == []


class TestWhereAUnitBelongs:
    @pytest.mark.parametrize(
        "message",
        [
            "SOUR:CURR 1e-6;COMP 20", "FOO:BAR?;:SOUR:WAVE:AMPL 1e-3", "FOO:BAR?;CURR 1e-5", "SOUR:CURR5",
            "SOUR:CURR=5", "FOO 5", "SOUR :CURR 5", "SOUR2:CURR 5", "::SOUR:CURR 5", "SOUR:CURRE 5",
            "SOUR:CURR;5;CURR 5", "SOUR:SWE:ARM 5",
        ],
    )  # fmt: skip
    def test_what_is_not_in_the_table_is_refused(self, message: str) -> None:
        refuses(bench(), message, "was not sent, because")

    @pytest.mark.parametrize(
        "message",
        [
            'DISP:TEXT:DATA "a;:SOUR:CURR 5',
            'DISP:TEXT:DATA #13a"b;:SOUR:CURR 5;:DISP:TEXT:DATA "x"',
            'DISP:TEXT:DATA x"y;:OUTP 1',
        ],
    )
    def test_a_string_that_is_none_hides_nothing(self, message: str) -> None:
        refuses(bench(), message, "a string in it is not closed")

    def test_a_string_may_say_anything(self) -> None:
        passes(bench(), 'DISP:TEXT:DATA "a;:SOUR:CURR 5"', "DISP:TEXT:DATA 'say \"\"; 5'")


class TestRelay:
    @pytest.mark.parametrize("text", ['"SENS:VOLT:NPLC 1"', "':SENS:FUNC \"VOLT\";*RST'", '"FOO?"', '"VOLT:NPLC 1'])
    def test_what_a_2182a_knows_passes(self, text: str) -> None:
        on = bench()
        if text.count('"') == 1:  # an embedded line feed ends the message before the string ends
            on.open().write_raw(f'SYST:COMM:SER:SEND {text.replace("VOLT", "SENS:VOLT")}\n"\n'.encode())
        else:
            passes(on, f"SYST:COMM:SER:SEND {text}")

    @pytest.mark.parametrize(
        "text", ['"SOUR:VOLT 20"', '"*RST;:SOUR:CURR 1"', "SOUR:CURR 1", '"SOUR:CURR 1', "'SMUA 5'"]
    )
    def test_anything_else_does_not(self, text: str) -> None:
        refuses(bench(), f"SYST:COMM:SER:SEND {text}", "2182A's command table")


class TestRanges:
    def test_a_level_is_rounded_to_the_range(self) -> None:
        on = bench(current=8e-6)
        passes(on, "*RST", "SOUR:CURR 6e-6", "SOUR:CURR 8e-6")
        refuses(on, "SOUR:CURR:RANG:AUTO 0;:SOUR:CURR:RANG 0.1", "would be 10 uA .8 uA rounded on the 100 mA range.")
        passes(on, "SOUR:CURR 2e-6", "SOUR:CURR:RANG:AUTO 0;:SOUR:CURR:RANG 0.1")
        refuses(on, "SOUR:CURR 6e-6", "would be 10 uA .6 uA rounded on the 100 mA range.")
        passes(on, "SOUR:CURR:RANG 2e-5", "SOUR:CURR 6e-6")

    def test_an_unknown_range_counts_as_the_worst(self) -> None:
        refuses(bench(current=8e-6), "SOUR:CURR 6e-6", "rounded on the 100 mA range")

    def test_rounding_up_beyond_the_limit(self) -> None:
        on = bench(current=123.456e-6)
        passes(on, "*RST", "SOUR:CURR 123.45e-6")
        refuses(on, "SOUR:CURR 123.456e-6", "would be 123.46 uA .123.5 uA rounded on the 200 uA range.")

    def test_the_compliance_is_rounded_too(self) -> None:
        on = bench(voltage=1.236)
        passes(on, "SOUR:CURR:COMP 1.234")
        refuses(on, "SOUR:CURR:COMP 1.236", "would be 1.24 V .1.236 V rounded to 10 mV.")


class TestTurningOn:
    def test_what_nobody_set_is_not_turned_on(self) -> None:
        on = bench()
        refuses(on, "OUTP ON", "SOURce:CURRent:COMPliance has not been set since")
        passes(on, "SOUR:CURR:COMP 1")
        refuses(on, "OUTP 1", "SOURce:CURRent has not been set since")
        passes(on, "SOUR:CURR 0", "OUTP 1", "OUTP OFF")

    def test_reset_may_leave_what_must_not_be_turned_on(self) -> None:
        on = bench(voltage=1.0)
        passes(on, "*RST")
        refuses(on, "OUTP ON", "the compliance, as it is set, would be 10 V")
        passes(on, "SOUR:CURR:COMP 1;:OUTP ON")

    def test_power_is_current_times_compliance(self) -> None:
        on = bench(power=1e-3)
        passes(on, "*RST", "SOUR:CURR 1e-4", "OUTP 1")
        refuses(on, "SOUR:CURR 1.1e-4", "the power, current times compliance, would be 1.1 mW")
        refuses(on, "SOUR:CURR:COMP 11", "would be 1.1 mW")
        passes(on, "OUTP 0", "SOUR:CURR 1.1e-4")
        refuses(on, "OUTP 1", "would be 1.1 mW")

    def test_a_level_that_has_passed_is_judged_anew(self) -> None:
        on = bench(power=1e-3)
        level = "SOUR:CURR 1.1e-4"
        passes(on, "*RST", "SOUR:CURR 1e-4", level, level, "SOUR:CURR 1e-5", "OUTP 1")
        refuses(on, level, "the power, current times compliance, would be 1.1 mW")
        passes(on, "OUTP 0", level)

    def test_nobody_knows_what_was_armed_before(self) -> None:
        on = bench()
        refuses(on, "INIT", "may be armed since before the source was opened")
        with pytest.raises(LimitExceeded, match="'a trigger' was not sent"):
            on.open().assert_trigger()
        passes(on, "SOUR:SWE:ABOR", "INIT", "*TRG")
        on.open().assert_trigger()


class TestWaves:
    def test_reset_brings_a_wave_that_must_not_be_armed(self) -> None:
        on = bench()
        passes(on, "*RST")
        refuses(on, f"{WAVE}ARM", "would be 1 mA .without end")
        refuses(on, f"{WAVE}INIT", "would be 1 mA")

    def test_amplitude_and_offset_count_together(self) -> None:
        on = bench()
        passes(on, "*RST", f"{WAVE}AMPL 250e-6;OFFS -200e-6", f"{WAVE}ARM", f"{WAVE}INIT")
        refuses(on, f"{WAVE}OFFS 200.1e-6", "amplitude and offset together, would be 450.1 uA")
        passes(on, f"{WAVE}ABOR", f"{WAVE}OFFS 201e-6")
        refuses(on, f"{WAVE}ARM", "would be 451 uA")

    def test_a_short_wave_is_a_pulse(self) -> None:
        on = bench()
        passes(on, "*RST", f"{WAVE}AMPL 22.5e-3;FREQ 1000;DUR:CYCL 10", f"{WAVE}ARM;INIT")
        refuses(on, f"{WAVE}FREQ 10", "would be 22.5 mA .for 1 s, and what lasts longer than 100 ms is no pulse")
        refuses(on, f"{WAVE}DUR:TIME INF", "without end")
        refuses(
            on,
            f"{WAVE}DUR:TIME 0.05",
            "the energy of .* would be 11.25 mJ .22.5 mA times 10 V of compliance times 50 ms",
        )
        refuses(on, f"{WAVE}EXTR 1;EXTR:IVAL 1", "while the wave waits for its trigger would be 22.5 mA")
        refuses(on, f"{WAVE}FREQ nonsense", "'nonsense' is nothing that it takes")


class TestLists:
    def test_pulses_may_be_higher_than_what_lasts(self) -> None:
        on = bench()
        passes(
            on, "*RST", "SOUR:SWE:SPAC LIST", "SOUR:LIST:CURR 0,20e-3,0", "SOUR:LIST:DEL 1,0.001,1",
            "SOUR:LIST:COMP 10,10,10", "SOUR:SWE:ARM", "INIT",
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("currents", "delays", "match"),
        [
            ("0,20e-3,0", "1,0.2,1", "of a pulse in the list would be 20 mA .for 200 ms"),
            ("0,20e-3,20e-3,0", "1,0.06,0.06,1", "for 120 ms"),
            ("0,20e-3,0", "0.2", "for 200 ms"),
            ("0,20e-3", "0.01,0.01", "at an end of the list would be 20 mA"),
            ("20e-3,0", "0.01,0.01", "at an end of the list would be 20 mA"),
            ("0,20e-3,0", "1,0.03,1", "the energy .* would be 6 mJ"),
        ],
    )
    def test_but_only_short_ones(self, currents: str, delays: str, match: str) -> None:
        on = bench()
        passes(on, "*RST", "SOUR:SWE:SPAC LIST", f"SOUR:LIST:CURR {currents}", f"SOUR:LIST:DEL {delays}")
        refuses(on, "SOUR:SWE:ARM", match)

    @pytest.mark.parametrize("waits", [("TRIG:SOUR TLIN", "SOUR:SWE:ARM"), ("SOUR:SWE:ARM", "TRIG:SOUR TLIN")])
    def test_a_point_that_waits_for_a_trigger_is_no_pulse(self, waits: tuple[str, str]) -> None:
        on = bench()
        passes(
            on, "*RST", "SOUR:SWE:SPAC LIST", "SOUR:LIST:CURR 0,20e-3,0", "SOUR:LIST:DEL 0.01,0.001,0.01",
            "SOUR:LIST:COMP 10,10,10", waits[0],
        )  # fmt: skip
        refuses(on, waits[1], "whose points wait for triggers, would be 20 mA .without end")
        passes(
            bench(), "*RST", "TRIG:SOUR TLIN", "SOUR:SWE:SPAC LIST", "SOUR:LIST:CURR 0,1e-4,0", "SOUR:SWE:ARM", "INIT"
        )

    def test_who_moves_the_points_has_to_be_known(self) -> None:
        on = bench()
        passes(
            on, "SOUR:SWE:ABOR", "SOUR:CURR:COMP 1", "SOUR:LIST:COMP 1", "SOUR:SWE:SPAC LIST", "SOUR:LIST:DEL 1e-3",
            "SOUR:LIST:CURR 0,20e-3,0",
        )  # fmt: skip
        refuses(on, "SOUR:SWE:ARM", "TRIGger:SOURce has not been set")

    def test_what_is_appended_counts(self) -> None:
        on = bench()
        passes(on, "*RST", "SOUR:SWE:SPAC LIST", "SOUR:LIST:CURR 0,0", "SOUR:LIST:DEL 1", "SOUR:SWE:ARM")
        refuses(on, "SOUR:LIST:CURR:APP 1e-3", "at an end of the list would be 1 mA")

    def test_a_list_that_nobody_gave(self) -> None:
        on = bench()
        passes(on, "SOUR:CURR:COMP 1", "SOUR:LIST:COMP 1", "SOUR:SWE:SPAC LIST", "SOUR:LIST:CURR:APP 1e-6")
        refuses(on, "SOUR:SWE:ARM", "SOURce:LIST:CURRent has not been set")


class TestSweeps:
    def test_a_sweep_ends_where_it_stays(self) -> None:
        on = bench()
        passes(on, "*RST", "SOUR:CURR:STAR -4e-4", "SOUR:CURR:STOP 4.5e-4", "SOUR:SWE:ARM", "INIT")
        refuses(on, "SOUR:CURR:STOP 5e-4", "the sweep's current would be 500 uA")

    def test_centre_and_span_move_the_ends(self) -> None:
        on = bench()
        passes(on, "*RST", "SOUR:CURR:STAR 0;STOP 4e-4", "SOUR:SWE:ARM", "SOUR:SWE:ABOR", "SOUR:CURR:SPAN 6e-4")
        refuses(on, "SOUR:SWE:ARM", "would be 500 uA")  # 200 uA +- 300 uA


class TestDelta:
    def test_high_sets_low(self) -> None:
        on = bench()
        passes(on, "*RST")
        refuses(on, "SOUR:DELT:ARM", "the current of Delta would be 1 mA")
        passes(on, "SOUR:DELT:HIGH 1e-4", "SOUR:DELT:ARM", "INIT:IMM")
        refuses(on, "SOUR:DELT:HIGH 1e-3", "the high level of Delta would be 1 mA")

    def test_pulse_delta(self) -> None:
        on = bench()
        passes(on, "*RST", "SOUR:PDEL:HIGH 20e-3;WIDT 1e-3", "SOUR:PDEL:ARM")
        refuses(on, "SOUR:PDEL:LOW 1e-3", "the low level of Pulse Delta would be 1 mA")
        passes(on, "SOUR:CURR:STOP 0.02", "SOUR:PDEL:SWE 1")
        passes(on, "SOUR:SWE:ABOR", "SOUR:PDEL:WIDT 12e-3;HIGH 22.5e-3")
        refuses(bench(pulse_width=1e-3), "SOUR:PDEL:ARM", "has not been set")

    def test_pulses_that_follow_a_list_may_have_its_compliance(self) -> None:
        on = bench(pulse_energy=3e-3)
        passes(on, "*RST", "SOUR:CURR:COMP 1", "SOUR:SWE:SPAC LIST", "SOUR:LIST:CURR 20e-3", "SOUR:LIST:COMP 15")
        passes(on, "SOUR:PDEL:WIDT 12e-3;LOW 0;HIGH 0", "SOUR:PDEL:ARM", "SOUR:SWE:ABOR", "SOUR:PDEL:SWE 1")
        refuses(on, "SOUR:PDEL:ARM", "the energy .* would be 3.6 mJ .20 mA times 15 V")
        passes(on, "SOUR:LIST:COMP 1", "SOUR:PDEL:ARM")
        refuses(on, "SOUR:LIST:COMP 15", "the energy .* would be 3.6 mJ")

    @pytest.mark.parametrize(
        ("settings", "arm"),
        [
            ("SOUR:DELT:HIGH 5e-6", "SOUR:DELT:ARM"),
            ("SOUR:PDEL:LOW -5e-6;HIGH 0", "SOUR:PDEL:ARM"),
            ("SOUR:DCON:STAR 0;STOP 3e-6;STEP 1e-6;DELT 1e-6", "SOUR:DCON:ARM"),
            ("SOUR:CURR:STOP 5e-6", "SOUR:SWE:ARM"),
            ("SOUR:WAVE:AMPL 5e-6", "SOUR:WAVE:ARM"),
        ],
    )
    def test_a_coarse_range_may_round_a_level_up(self, settings: str, arm: str) -> None:
        """The 100 mA range has steps of 10 uA: from 5 uA on it drives 10."""
        on = bench(current=7e-6)
        passes(on, "*RST", settings, arm, "SOUR:SWE:ABOR", "SOUR:WAVE:ABOR")
        passes(on, "SOUR:CURR:RANG:AUTO 0", "SOUR:CURR:RANG 1e-5", arm, "SOUR:SWE:ABOR", "SOUR:WAVE:ABOR")
        passes(on, "SOUR:CURR:RANG 0.1")
        refuses(on, arm, "rounded on the 100 mA range would be 10 uA")

    def test_a_pulse_wider_than_the_stations(self) -> None:
        on = bench(pulse_width=1e-3)
        passes(on, "*RST", "SOUR:PDEL:HIGH 20e-3;WIDT 2e-3")
        refuses(on, "SOUR:PDEL:ARM", "would be 20 mA .for 2 ms, and what lasts longer than 1 ms is no pulse")

    def test_differential_conductance_goes_a_step_further(self) -> None:
        on = bench()
        passes(on, "*RST", "SOUR:DCON:STAR -4e-4;STOP 4e-4;STEP 2e-5;DELT 3e-5", "SOUR:DCON:ARM", "SOUR:SWE:ABOR")
        passes(on, "SOUR:DCON:DELT 3.1e-5")
        refuses(on, "SOUR:DCON:ARM", "with its modulation, would be 451 uA")


class TestWhatCannotBeSeen:
    @pytest.mark.parametrize(
        "message", ["*RCL 1", "SYST:KEY 3", "SYST:POS SAV1", "FOO:BAR 3", "ESE 1", "SOUR:CURR:STATE 1"]
    )
    def test_is_refused_with_the_override_that_permits_it(self, message: str) -> None:
        refuses(bench(), message, "--override unseen=source")
        on = bench(unseen=True)
        passes(on, message, "OUTP ON")
        refuses(on, "SOUR:CURR 1", "would be 1 A")

    def test_after_it_nothing_is_known(self) -> None:
        on = bench(unseen=True)
        passes(on, "*RST", "*RCL 1", "INIT")
        refuses(on, "SOUR:CURR:COMP 99", "would be 99 V")

    def test_harmless_power_on_settings_pass(self) -> None:
        passes(bench(), "SYST:POS RST", "SYST:POS PRES", "*SAV 1")


def test_every_command_that_can_energise_has_a_rule() -> None:
    rules = SourceRules(Speaker("the source", "source"), limits(), unseen=False).by_header
    assert [row.header for row in TABLE if row.energises and row.command and row.header not in rules] == []


def test_a_command_behind_one_that_the_source_throws_away_is_refused() -> None:
    on = bench()
    passes(on, "*RST")
    refuses(on, "SOUR:DEL nonsense;:SOUR:WAVE:AMPL 1e-4", "throws it away behind 'SOUR:DEL nonsense'")
    passes(on, "SOUR:DEL nonsense;*CLS")
