"""What two-wire resistances tell of a sample's leads."""
