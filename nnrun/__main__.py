"""The entry of `nnrun` and of `python -m nnrun`."""

from nnrun.cli import main

if __name__ == "__main__":
    main()
