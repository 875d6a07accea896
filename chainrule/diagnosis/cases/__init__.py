"""Training programs with known faults, mended ones and healthy ones, and how well a doctor does on them."""
