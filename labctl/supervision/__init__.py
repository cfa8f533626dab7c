"""A run in a process of its own, watched by another one that brings the sample to rest when the run dies.

    labctl run ...             the supervisor: imports next to nothing, begins the child, waits
      labctl run ...           the child: does what was asked; talks to the supervisor over one line (see `line`)

The child inherits the terminal, so that what it prints and what is typed goes past the supervisor. Over the line it
says where its run lies, when it lives, and when the sample is safe; it hears when it is to stop, and the end of the
line means that nobody watches: then it stops by itself.

When the child dies before the sample is safe, or hangs, the supervisor ends it, brings the station to rest over
connections of its own (see `rescue`), and only then announces that the run has failed.
"""
