"""Tables that somebody else measured: read as they come, and brought into the columns and units of an analysis."""
