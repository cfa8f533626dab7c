"""The error queue's texts: every number that is used has one, and classes follow SCPI's hundreds."""

from __future__ import annotations

import pytest

from instruments import scpi
from instruments.tables import errors


def test_texts_as_the_manual_prints_them() -> None:
    assert errors.message(0, "6221") == "No error"
    assert errors.message(-113, "2182A") == "Undefined header"
    assert errors.message(-222, "6221") == "Parameter data out of range"
    assert errors.message(-350, "6221") == "Queue overflow"
    assert errors.message(408, "6221") == "Conductance truncated"
    assert errors.message(310, "2182A") == "Buffer full"


def test_every_number_that_the_parser_raises_has_a_text() -> None:
    numbers = [value for name, value in vars(scpi).items() if name.isupper() and isinstance(value, int) and value < 0]
    assert len(numbers) > 10
    for number in numbers:
        assert errors.message(number, "6221") == errors.message(number, "2182A")


def test_a_number_without_a_text_of_its_own_has_its_familys() -> None:
    assert errors.message(415, "6221") == "Execution error"
    assert errors.message(425, "2182A") == "Calibration error"


def test_positive_numbers_belong_to_their_instrument() -> None:
    for number, instrument in ((408, "9999"), (310, "6221"), (900, "2182A"), (-114514, "6221")):
        with pytest.raises(KeyError):
            errors.message(number, instrument)


@pytest.mark.parametrize(
    ("hundreds", "texts"),
    [
        (1, errors.COMMAND_ERRORS),
        (2, errors.EXECUTION_ERRORS),
        (3, errors.DEVICE_ERRORS),
        (4, errors.QUERY_ERRORS),
    ],
)
def test_the_class_of_an_error_is_in_its_hundreds(hundreds: int, texts: dict[int, str]) -> None:
    """SCPI-1995 volume 2, chapter 21: -1xx command, -2xx execution, -3xx device and -4xx query errors."""
    assert {-number // 100 for number in texts} == {hundreds}


def test_no_number_has_two_texts() -> None:
    classes = (errors.COMMAND_ERRORS, errors.EXECUTION_ERRORS, errors.DEVICE_ERRORS, errors.QUERY_ERRORS)
    assert len(errors.COMMON) == 1 + sum(map(len, classes))


def test_no_text_needs_escaping_in_a_reply() -> None:
    for texts in errors.BY_INSTRUMENT.values():
        assert not [text for text in texts.values() if '"' in text or not text.isascii() or not text]
