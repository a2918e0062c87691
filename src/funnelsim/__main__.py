"""``python -m funnelsim``: the command line, where the script ``funnelsim`` is not on the path."""

from funnelsim.cli import main

if __name__ == "__main__":
    main()
