"""The units that labctl knows, each by its exact factor to the SI unit of its dimension.

pint does the algebra of units, in a private registry with decimal factors and with labctl's own short list: a unit that
a transport lab does not write is not a unit here.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from instruments.errors import BadValue

if TYPE_CHECKING:
    import pint


class Unit(NamedTuple):
    """What a unit's text stands for.

    Attributes:
        factor: How many SI units it is, exactly (but for the degree, whose pi has 30 digits).
        si: The SI unit of the same dimension, the word by which dimensions are compared.
    """

    factor: Fraction
    si: str


class Kind(NamedTuple):
    """How people speak of a dimension, and the prefixes that they put before its SI unit."""

    name: str
    example: str
    prefixes: str = ""


KINDS = {
    "": Kind("a plain number", "5"),
    "A": Kind("a current", "100 uA", "fpnum"),
    "V": Kind("a voltage", "10 mV", "pnumk"),
    "T": Kind("a magnetic field", "0.5 T or 5 kOe", "num"),
    "T/s": Kind("a field rate", "100 Oe/s or 10 mT/s", "num"),
    "K": Kind("a temperature", "300 K", "um"),
    "K/s": Kind("a temperature rate", "2 K/min", "um"),
    "s": Kind("a time", "10 ms or 5 min", "pnum"),
    "m": Kind("a length", "5 um", "pnumk"),
    "m^2": Kind("an area", "1e-12 m^2"),
    "ohm": Kind("a resistance", "340 ohm", "numkMG"),
    "W": Kind("a power", "10 mW", "fpnumk"),
    "J": Kind("an energy", "1 mJ", "fpnumk"),
    "Hz": Kind("a frequency", "50 Hz", "mkMG"),
    "F": Kind("a capacitance", "1 nF", "pnum"),
    "rad": Kind("an angle", "45 deg", "um"),
    "A/m^2": Kind("a current density", "1e9 A/m^2 or 1e5 A/cm^2"),
    "A/s": Kind("a current rate", "10 mA/s", "num"),
    "V/s": Kind("a voltage rate", "50 mV/s", "num"),
    "1/K": Kind("a temperature coefficient", "1.5e-3 /K"),
    "K/W": Kind("a thermal resistance", "300 K/W"),
    "A/m": Kind("a magnetisation", "27 kA/m", "kM"),
    "J/m^3": Kind("an energy density", "1700 J/m^3"),
    "1/m^3": Kind("a number density", "7e28 /m^3"),
    "ohm/T": Kind("a Hall slope", "1 mohm/T", "num"),
    "ohm m^2": Kind("a resistance times an area", "25 ohm um^2"),
    "A m^2": Kind("a magnetic moment", "4e-8 A m^2 or 4e-5 emu", "pnum"),
    "A m^2/V": Kind("a moment for each volt", "1e-7 A m^2/V"),
    "A m^2/T": Kind("a moment for each tesla", "-5e-8 A m^2/T", "pnum"),
}

PREFIXES = {"f": -15, "p": -12, "n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9}

# Only what a transport lab writes: a unit that is not here is not a slip that could pass for something else. pint's own
# list reads Oe in the Gaussian system, where it has another dimension, and has a unit for nearly every misspelling.
_DEFINITIONS = """
femto- = 1e-15 = f-
pico- = 1e-12 = p-
nano- = 1e-9 = n-
micro- = 1e-6 = u-
milli- = 1e-3 = m-
centi- = 1e-2 = c-
kilo- = 1e3 = k-
mega- = 1e6 = M-
giga- = 1e9 = G-
meter = [length] = m = metre
second = [time] = s = sec
ampere = [current] = A = amp
kelvin = [temperature] = K
kilogram = [mass] = kg
radian = [angle] = rad
power_line_cycle = [] = PLC
percent = 0.01
degree = 0.0174532925199432957692369076849 * radian = deg
minute = 60 * second = min
hour = 3600 * second = h
day = 24 * hour = d
hertz = 1 / second = Hz
newton = kilogram * meter / second ** 2 = N
joule = newton * meter = J
watt = joule / second = W
coulomb = ampere * second = C
volt = joule / coulomb = V
ohm = volt / ampere = Ohm
siemens = 1 / ohm = S
farad = coulomb / volt = F
henry = ohm * second = H
tesla = volt * second / meter ** 2 = T
oersted = 1e-4 * tesla = Oe
gauss = 1e-4 * tesla = G
emu = 1e-3 * ampere * meter ** 2
electron_volt = 1.602176634e-19 * joule = eV
angstrom = 1e-10 * meter = Angstrom
"""

_TERM = r"[A-Za-z_%]+(?:(?:\^|\*\*)?-?[1-9])?"
_UNIT_TEXT = re.compile(rf"(?:1?\s*/\s*)?{_TERM}(?:(?:\s*[*/]\s*|\s+){_TERM})*")
_POWER = re.compile(r"([A-Za-z_])\^?(-?[1-9])")
_NAME = re.compile(r"[A-Za-z_]+")
SPELLINGS = str.maketrans(
    {
        "\u00b5": "u",
        "\u03bc": "u",
        "\u03a9": "ohm",
        "\u2126": "ohm",
        "\u00b7": "*",
        "\u00b2": "^2",
        "\u00b3": "^3",
        "\u2212": "-",
    }
)
"""What people type beside plain ASCII: micro and ohm signs, a raised 2 or 3, a true minus."""


@lru_cache(maxsize=1024)
def resolve(unit: str) -> Unit:
    """Return what a unit's text stands for.

    Raises:
        BadValue: The unit is not one that labctl knows.
    """
    if unit in KINDS:
        return Unit(Fraction(1), unit)
    found = _prefixed().get(unit) or _by_algebra(unit)
    if found is None:
        shown = unit if len(unit) <= 40 else f"{unit[:37]}..."
        raise BadValue(f"{shown!r} is not a unit that labctl knows; write e.g. uA, mV, T, Oe/s, K/min, A/m^2")
    return found


def kind_of(unit: str) -> Kind:
    """Return how people speak of what a unit measures.

    Raises:
        BadValue: The unit is not one that labctl knows.
    """
    si = resolve(unit).si
    return KINDS.get(si) or Kind(f"a quantity in {si}", f"1 {si}")


@cache
def _prefixed() -> dict[str, Unit]:
    """Return the SI units with the prefixes that people put before them: no algebra is needed for these."""
    return {
        prefix + si: Unit(Fraction(10) ** PREFIXES[prefix], si)
        for si, kind in KINDS.items()
        for prefix in kind.prefixes
    }


def _by_algebra(unit: str) -> Unit | None:
    """Return what pint makes of a unit's text, None when it is not a product of units that are defined here."""
    from pint.errors import PintError

    plain = unit.translate(SPELLINGS).strip()
    if len(plain) > 40 or not _UNIT_TEXT.fullmatch(plain):
        return None
    plain = _POWER.sub(r"\1**\2", plain.replace("%", "percent"))
    registry, known = _registry()
    # pint takes a final s for a plural, so that 5 mAs would be 5 mA; only long names may have one.
    for name in _NAME.findall(plain):
        if len(name) < 5 and all(suffix for _, _, suffix in registry.parse_unit_name(name)):
            return None
    try:
        base = registry.Quantity(Decimal(1), f"1{plain}" if plain.startswith("/") else plain).to_root_units()
    except PintError:
        return None
    return Unit(_rational(Decimal(base.magnitude)), known.get(str(base.dimensionality), str(base.units)))


def _rational(factor: Decimal) -> Fraction:
    """Return a factor exactly where it is a simple fraction, such as the 1/60 of K/min, that decimals cut off."""
    exact = Fraction(factor)
    simple = exact.limit_denominator(10**12)
    return simple if abs(simple - exact) * 10**26 < exact else exact


@cache
def _registry() -> tuple[pint.UnitRegistry[Any], dict[str, str]]:
    """Return labctl's own registry, and the SI unit of every dimension that has a name here."""
    import pint

    # pint documents None (no definitions) and Decimal here; its annotations say str and float.
    registry = pint.UnitRegistry(None, non_int_type=Decimal)  # pyright: ignore[reportArgumentType] # see above
    registry.load_definitions(_DEFINITIONS.strip().splitlines())
    return registry, {str(registry.Quantity(Decimal(1), si).dimensionality): si for si in KINDS}
