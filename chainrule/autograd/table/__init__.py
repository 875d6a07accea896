"""The table of derivatives: one line, or a small function, for each operation. See ``primitive``."""
