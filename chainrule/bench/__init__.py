"""L5: the same work for ourselves and for other libraries, measured in turns."""
