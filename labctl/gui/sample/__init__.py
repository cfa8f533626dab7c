"""Parts of the panel that shows a sample."""
