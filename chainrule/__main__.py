"""``python -m chainrule`` is the command ``chainrule``."""

import sys


def main() -> None:
    """Entry point of the command."""
    try:
        from chainrule.cli.app import run
    except ImportError as problem:
        if problem.name not in ("cyclopts", "rich"):
            raise
        sys.stderr.write(
            f"chainrule: the command line needs {problem.name}; install it with: pip install cyclopts rich\n"
        )
        sys.exit(1)
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
