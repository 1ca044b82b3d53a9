"""`python -m stforecast`: the command line, for torchrun."""

from stforecast.cli import main

if __name__ == "__main__":
    main()
