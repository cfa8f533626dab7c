"""The OptiCool of qcodes_contrib_drivers, over MultiPyVu; it ends the server when it closes."""

import time

import MultiPyVu
import peer
from qcodes_contrib_drivers.drivers.QuantumDesign.Opticool import Opticool

host, port = peer.lab()["cryostat"]["multivu"].split(":")
cryostat = Opticool("cryostat", host, int(port))
identity = cryostat.get_idn()
fresh = [cryostat.temperature_sample(), cryostat.magnet_field(), cryostat.status_magnet()]
cryostat.temperature_ramp_setpoint(298.0)
cryostat.temperature_ramp_rate(20.0)
cryostat.temperature_ramp_method("fast_settle")
cryostat._temp_ramp_method = "fast_settle"  # the driver keeps a method only once it has one
cryostat.ramp_temp()
cryostat._field_setpoint, cryostat._field_ramp_rate = 500.0, 50.0
cryostat._field_ramp_method, cryostat._field_driven_mode = "linear", "driven"
cryostat.ramp_field()
states = set()
for _ in range(1000):
    states.add(cryostat.status_magnet())
    if abs(cryostat.magnet_field() - 0.05) < 1e-4 and abs(cryostat.temperature_sample() - 298.0) < 0.05:
        break
    time.sleep(0.01)
time.sleep(0.5)
there = [cryostat.temperature_sample(), cryostat.magnet_field(), cryostat.status_temperature_sample()]
points = [cryostat.temperature_ramp_setpoint(), cryostat.magnet_ramp_rate(), cryostat.status_cryostat()]
cryostat.close()  # sends EXIT
with MultiPyVu.Client(host=host, port=int(port)) as other:
    still = other.get_temperature()
    refused = peer.what(other.set_chamber, other.chamber.mode.seal)
peer.tell(
    identity=identity, fresh=fresh, states=sorted(states), there=there, points=points, refused=refused, still=still
)
