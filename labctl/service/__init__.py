"""The worker: it owns one station and carries out a queue of runs, one at a time, each in a process of its own.

    labctl worker            HTTP on this computer (`web`), behind a door that lets strangers only read (`door`)
      `queue`                what waits, is on, and is over: kept in a file before anything is answered
      `worker`               takes one item after the other, and decides what follows when one fails
      `hand`                 the worker's end of a process that measures
        `measuring`          that process: begun ahead of time, it has imported everything and waits for its task
      `rehearsing`           has the queue rehearsed in another such process (`foresight`)
      `telling`              tells readers of changes, which ring a `bell`
      `own_lab`              the simulated lab that belongs to a worker

Nothing that an experiment does can reach the worker but over the line between the two (`labctl.supervision`).
"""
