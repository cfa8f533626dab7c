"""Recorded dialogues with instruments: what was sent and what came back, byte by byte, with the times."""
