"""Ways out of the house: one file each, from a `Page`."""
