"""`python -m engine.kill`."""

import sys

from engine.kill.program import main

if __name__ == "__main__":
    sys.exit(main())
