"""Pure functions from a sheet to a page of optical density."""
