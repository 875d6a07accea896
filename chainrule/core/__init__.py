"""L0: what every other shelf stands on. It knows NumPy and nothing else of chainrule."""
