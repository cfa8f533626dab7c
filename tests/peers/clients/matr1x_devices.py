"""The drivers of matr1x-measurements: 6221, 2182A, 2400, and the cryostat over MultiPyVu.

They end their messages to the 6221 with CR LF; only the end of its answers is given here.
"""

import os
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import peer
from matr1x.devices.keithley.keithley24xx import Keithley2400
from matr1x.devices.keithley.keithley2182A import Keithley2182A
from matr1x.devices.keithley.keithley6221 import Keithley6221

lab = peer.lab()
source = Keithley6221(lab["source"], read_termination="\n", backend="@py")
identity = source.query("*IDN?")
source.generateConstant(amplitude=1e-4, autoRanging=False, sourceRange=2e-4, compliance=5.0, reset=True)
source.constGo()
constant = source.getConstCurrent()
meter = Keithley2182A(lab["voltmeter"], backend="@py", timeout=5000)
meter.configure(NPLC=5, digits=8, voltage_range=0.01, rangeAuto=False, dFil=False, trigBus=True, reset=True)
voltages = []
for _ in range(3):
    meter.triggerReading()
    voltages.append(meter.getReading())
meter.write(":ABOR")
source.abort()
off = source.query("OUTP?")

source.generateDelta(1e-4, nplc=1, sdel=2e-3, count=12, rang=0.01, compliance=5.0, reset=True)
source.write("SOUR:DELT:ARM")  # or deltaGo() would sleep for 5 s
source.deltaGo()
delta = source.fetchData()
source.deltaStop()
source.generatePulseDelta(1e-3, 0.0, 1e-3, 5e-4, 6, "BEST", 5, compliance=5.0, lme=2, reset=True)
source.pulseGo()
pulses = source.fetchData()
compliance = source.queryCompliance()
source.pulseStop()
source.generateWave("square", dutyCycle=50, amplitude=1e-4, offset=0.0, frequency=50, durationTime=2.0, compliance=5.0)
source.waveGo()
waving = source.query("OUTP?")
time.sleep(0.1)
waved = source.query("OUTP?")
source.generateArbWave(list(np.sin(np.linspace(0, 6, 80))), amplitude=1e-4, frequency=10, durationTime=1.0)
points = source.query("SOUR:WAVE:ARB:POIN?")
source.waveGo()
source.abort()
source.close()

smu = Keithley2400(lab["smu"], backend="@py", timeout=5000)
smu.configure(sourceMode="CURR", senseMode="VOLT", fourWire=True, senseAutoRange=True, sourceRange=1e-3,
              senseLimit=2.0, output=True, reset=True)  # fmt: skip
smu.setSource(1e-4)
sensed = smu.getSense()
sourced = smu.getSource()
smu.output(False)
peer.tell(
    identity=identity, constant=constant, voltages=voltages, off=off, delta=delta, pulses=pulses,
    compliance=compliance, waving=waving, waved=waved, points=points, sensed=sensed, sourced=sourced,
)  # fmt: skip
