"""The panel in which a measurement is put together, looked at beforehand, and put into the queue."""
