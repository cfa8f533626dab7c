"""The desk of a window: a process that answers what takes long, so that the window never waits."""
