"""The simulated instruments, one file each: effects bound to the instrument's command table."""
