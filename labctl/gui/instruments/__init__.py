"""The panel of instruments: what each is set to, how old that is, and what can be done by hand."""
