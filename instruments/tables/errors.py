"""The texts that stand beside the numbers of the error queue.

Sources: table "Status and error messages" of the 2182A user's manual (appendix B), which shares its negative numbers
and their texts with the other instruments of its generation; 6221 reference manual, appendix "Error and status
messages", of which only the texts below are confirmed; table B-1 of the 2400 series user's manual.
"""

from __future__ import annotations

QUERY_ERRORS = {
    -440: "Query UNTERMINATED after indefinite response",
    -430: "Query DEADLOCKED",
    -420: "Query UNTERMINATED",
    -410: "Query INTERRUPTED",
}
"""Set bit 2 (QYE) of the standard event register."""

DEVICE_ERRORS = {
    -363: "Input buffer overrun",
    -362: "Framing error in program message",
    -361: "Parity error in program message",
    -360: "Communications error",
    -350: "Queue overflow",
    -330: "Self-test failed",
    -315: "Configuration memory lost",
    -314: "Save/recall memory lost",
}
"""Set bit 3 (DDE)."""

EXECUTION_ERRORS = {
    -285: "Program syntax error",
    -284: "Program currently running",
    -282: "Illegal program name",
    -281: "Cannot create program",
    -260: "Expression error",
    -241: "Hardware missing",
    -230: "Data corrupt or stale",
    -225: "Out of memory",
    -224: "Illegal parameter value",
    -223: "Too much data",
    -222: "Parameter data out of range",
    -221: "Settings conflict",
    -220: "Parameter error",
    -215: "Arm deadlock",
    -214: "Trigger deadlock",
    -213: "Init ignored",
    -212: "Arm ignored",
    -211: "Trigger ignored",
    -210: "Trigger error",
    -202: "Settings lost due to rtl",
    -201: "Invalid while in local",
    -200: "Execution error",
}
"""Set bit 4 (EXE)."""

COMMAND_ERRORS = {
    -178: "Expression data not allowed",
    -171: "Invalid expression",
    -170: "Expression error",
    -168: "Block data not allowed",
    -161: "Invalid block data",
    -160: "Block data error",
    -158: "String data not allowed",
    -154: "String too long",
    -151: "Invalid string data",
    -150: "String data error",
    -148: "Character data not allowed",
    -144: "Character data too long",
    -141: "Invalid character data",
    -140: "Character data error",
    -128: "Numeric data not allowed",
    -124: "Too many digits",
    -123: "Exponent too large",
    -121: "Invalid character in number",
    -120: "Numeric data error",
    -114: "Header suffix out of range",
    -113: "Undefined header",
    -112: "Program mnemonic too long",
    -111: "Header separator error",
    -110: "Command header error",
    -109: "Missing parameter",
    -108: "Parameter not allowed",
    -105: "GET not allowed",
    -104: "Data type error",
    -103: "Invalid separator",
    -102: "Syntax error",
    -101: "Invalid character",
    -100: "Command error",
}
"""Set bit 5 (CME)."""

NO_ERROR = "No error"

COMMON = {0: NO_ERROR} | QUERY_ERRORS | DEVICE_ERRORS | EXECUTION_ERRORS | COMMAND_ERRORS

METER_2182A = {
    101: "Operation complete",
    121: "Device calibrating",
    125: "Device measuring",
    171: "Waiting in trigger layer",
    174: "Re-entering the idle layer",
    180: "Filter settled",
    301: "Reading overflow",
    302: "Low limit 1",
    303: "High limit 1",
    304: "Low limit 2",
    305: "High limit 2",
    306: "Reading available",
    308: "Buffer available",
    309: "Buffer half full",
    310: "Buffer full",
    500: "Calibration data invalid",
    510: "Reading buffer data lost",
    511: "GPIB address lost",
    512: "Power-on state lost",
    514: "DC calibration data lost",
    515: "Calibration dates lost",
    516: "Linearity data lost",  # the number is the manual's, the text is not confirmed
    522: "GPIB communication language lost",
}

SOURCE_6221 = {
    101: "Operation complete",
    408: "Conductance truncated",
    900: "Internal system error",
}

SOURCEMETER_2400 = {
    100: "Limit 1 failed",
    101: "Low limit 2 failed",
    102: "High limit 2 failed",
    103: "Low limit 3 failed",
    104: "High limit 3 failed",
    105: "Active limit tests passed",
    106: "Reading available",
    107: "Reading overflow",
    108: "Buffer available",
    109: "Buffer full",
    111: "OUTPUT enable asserted",  # 111 to 114: a sister's manual, where 111 is called by the interlock
    112: "Temperature limit exceeded",
    113: "Voltage limit exceeded",
    114: "Source in compliance",
    200: "Operation complete",
    300: "Device calibrating",
    303: "Device sweeping",
    305: "Waiting in trigger layer",
    306: "Waiting in arm layer",
    310: "Entering idle layer",
    408: "Questionable calibration",  # the texts of 408 and 414 are not confirmed
    414: "Command warning",
    500: "Date of calibration not set",
    501: "Next date of calibration not set",
    502: "Calibration data invalid",
    503: "DAC calibration overflow",
    504: "DAC calibration underflow",
    505: "Source offset data invalid",
    506: "Source gain data invalid",
    507: "Measurement offset data invalid",
    508: "Measurement gain data invalid",
    509: "Not permitted with cal locked",
    510: "Not permitted with cal un-locked",
    601: "Reading buffer data lost",
    602: "GPIB address lost",
    603: "Power-on state lost",
    604: "DC calibration data lost",
    605: "Calibration dates lost",
    606: "GPIB communication language lost",
    700: "Invalid system communication",
    701: "ASCII only with RS-232",
    800: "Illegal with storage active",
    801: "Insufficient vector data",
    802: "OUTPUT blocked by output enable",
    803: "Not permitted with OUTPUT off",
    804: "Expression list full",
    805: "Undefined expression exists",
    806: "Expression not found",
    807: "Definition not allowed",
    808: "Expression cannot be deleted",
    809: "Source memory location revised",
    810: "OUTPUT blocked by Over Temp",
    811: "Not an operator or number",
    812: "Mismatched parenthesis",
    813: "Not a number of data handle",
    814: "Mismatched brackets",
    815: "Too many parenthesis",
    816: "Entire expression not parsed",
    817: "Unknown token",
    818: "Error parsing mantissa",
    819: "Error parsing exponent",
    820: "Error parsing value",
    821: "Invalid data handle index",
    822: "Too small for sense range",
    823: "Invalid with source read-back on",
    824: "Cannot exceed compliance range",
    825: "Invalid with auto-ohms on",
    826: "Attempt to exceed power limit",
    827: "Invalid with ohms guard on",
    828: "Invalid on 1 amp range",
    829: "Invalid on 1kV range",
    830: "Invalid with INF ARM:COUNT",
    831: "Invalid in Pulse Mode",
    900: "Internal System Error",
}

BY_INSTRUMENT = {"6221": COMMON | SOURCE_6221, "2182A": COMMON | METER_2182A, "2400": COMMON | SOURCEMETER_2400}

_FAMILIES: dict[str, tuple[tuple[range, str], ...]] = {
    "6221": (
        (range(401, 421), "Execution error"),
        (range(500, 559), "Calibration error"),
        (range(610, 611), "Questionable calibration"),
        (range(611, 612), "Questionable power"),
        (range(950, 963), "KI-220 language error"),
    ),
    "2182A": ((range(400, 450), "Calibration error"),),
}
"""Numbers whose own texts are not confirmed, and what the manual calls their family."""


def message(code: int, instrument: str) -> str:
    """Return the text of an entry in the error queue, without quotes.

    Args:
        code: The number, e.g. -113; 0 for an empty queue.
        instrument: The model, `6221`, `2182A` or `2400`; others know the common numbers only.

    Raises:
        KeyError: The instrument's manual has no such number.
    """
    texts = BY_INSTRUMENT.get(instrument, COMMON)
    if code in texts:
        return texts[code]
    for numbers, text in _FAMILIES.get(instrument, ()):
        if code in numbers:
            return text
    raise KeyError(code)
