"""What measured data say: results with uncertainties, or the reason why there are none."""
