"""Command tables: the instruments' manuals as data."""
