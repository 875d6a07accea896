"""One file a command, with a function of its name; the folder is the list of commands."""
