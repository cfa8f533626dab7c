"""Runs in the files of others: NetCDF, data files of MultiVu, and one .zip with everything for a colleague."""
