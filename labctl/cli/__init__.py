"""The command line: one module a command; heavy modules are imported only by the command that needs them."""
