"""``torch.nn``'s modules."""
