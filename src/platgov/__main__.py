"""Run the command line: ``python -m platgov``."""

from platgov.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
