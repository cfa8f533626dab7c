"""Physics of the simulated lab, in closed form wherever a closed form exists."""
