"""How much of the instruments' command tables the simulated instruments fulfil: counted by trying every row."""
