"""Server-sent events in whatever pieces they come."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from labctl.gui.events import EventParser

CONTENTS = st.lists(
    st.tuples(st.sampled_from(["queue", "run", "item"]), st.dictionaries(st.text(max_size=3), st.text(max_size=9))),
    max_size=5,
)


@given(CONTENTS, st.lists(st.integers(1, 40), max_size=20))
def test_events_do_not_depend_on_how_the_network_cuts_them(
    sent: list[tuple[str, dict[str, Any]]], cuts: list[int]
) -> None:
    text = "".join(f": a comment\n\nevent: {name}\ndata: {json.dumps(content)}\n\n" for name, content in sent).encode()
    parser, found = EventParser(), list[tuple[str, dict[str, Any]]]()
    for cut in cuts:
        found += parser.feed(text[:cut])
        text = text[cut:]
    found += parser.feed(text)
    assert found == sent
