"""Where messages end."""

import pytest

from simulators.lines import cut_messages


@pytest.mark.parametrize(
    ("data", "on_a_bus", "on_a_socket"),
    [
        (b"CURR 1\nCURR 2\n", [b"CURR 1", b"CURR 2", b""], [b"CURR 1", b"CURR 2", b""]),
        (b"TEXT 'a\n'\n*RST\n", [b"TEXT 'a\n'", b"*RST", b""], [b"TEXT 'a\n'", b"*RST", b""]),
        (b'TEXT "a\n"\n*R', [b'TEXT "a\n"', b"*R"], [b'TEXT "a\n"', b"*R"]),
        (b"TEXT 'a\nb'\n", [b"TEXT 'a\nb'", b""], [b"TEXT 'a", b"b'", b""]),
        (b"TEXT 'open\n", [b"TEXT 'open", b""], [b"TEXT 'open", b""]),
        (b"TEXT 'open\n*RST\n", [b"TEXT 'open\n*RST", b""], [b"TEXT 'open", b"*RST", b""]),
        (b"TEXT \"it's\"\n*RST\n", [b"TEXT \"it's\"", b"*RST", b""], [b"TEXT \"it's\"", b"*RST", b""]),
        (b"TEXT 'a\n\"\n'\n", [b"TEXT 'a\n\"\n'", b""], [b"TEXT 'a", b'"', b"'", b""]),
    ],
)  # fmt: skip
def test_a_line_feed_in_a_string_ends_no_message(data, on_a_bus, on_a_socket):
    assert cut_messages(data, whole=True) == on_a_bus
    assert cut_messages(data, whole=False) == on_a_socket
