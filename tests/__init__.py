"""Tests, one folder for each package; the files beside this one look at the repository as a whole."""
