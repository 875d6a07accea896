"""L6: the command line, one file a command in ``commands/``."""
