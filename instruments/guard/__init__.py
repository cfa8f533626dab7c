"""The guard: what stands between the programs that command and the instruments, and holds them to the limits."""
