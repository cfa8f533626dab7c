"""What papers claim, measured again on the simulated station.

`targets` holds the claims, `papers` what is run for them and how a claim follows from finished runs, `running` runs it,
`verdicts` compares, `report` makes a page of it. Only `verdicts` sees what a paper has published.
"""
