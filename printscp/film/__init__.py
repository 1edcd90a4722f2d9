"""The standard's print model (PS3.4 Annex H) in memory: no network, no files, no clocks."""
