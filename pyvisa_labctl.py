"""Where pyvisa finds the backend `@labctl`, by the rule of its names; see `labctl.backend`."""

from labctl.backend import LabctlBackend

WRAPPER_CLASS = LabctlBackend
