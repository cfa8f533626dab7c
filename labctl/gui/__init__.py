"""The window: a client of a station's worker, in which nothing of an experiment runs.

It has one thread, which is never held up. What takes long is answered by the worker or by a desk (`labctl.desk`), both
of them processes of their own; so it may be closed or killed at any moment, and a run does not notice.
"""
