"""The simulated MultiPyVu server: Quantum Design's MultiVu with its cryostat, on the wire protocol of MultiPyVu 3.8."""
