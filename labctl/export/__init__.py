"""Runs in the files of others: tables of text, NetCDF, files of MultiVu, and a .zip with everything for a colleague."""
