"""labctl: a laboratory measurement suite for spintronic transport."""
