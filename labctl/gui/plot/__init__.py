"""The live plot: columns of runs as they grow, drawn as what the pixels can show of them."""
