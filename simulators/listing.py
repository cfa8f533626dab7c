"""The sample families of this package: name -> (where, one line). Imports nothing, so that listing is cheap."""

from __future__ import annotations

SAMPLES = {
    "ferrimagnet_hall_bar": (
        "simulators.samples.hall_bar:FerrimagnetHallBar",
        "Hall bar of a perpendicular ferrimagnet on a heavy metal: anomalous Hall effect, compensation, coercivity",
    ),
    "tunnel_junction": (
        "simulators.samples.tunnel_junction:TunnelJunction",
        "Tunnel junction without magnetism: current against voltage, and a barrier that breaks once",
    ),
    "magnetic_junction": (
        "simulators.samples.magnetic_junction:MagneticJunction",
        "Tunnel junction of a magnet and a ferrimagnet that compensates: magnetoresistance, switching fields",
    ),
}
