"""`python -m sojourn.cli` is the command `sojourn`."""

import sys

from sojourn.cli import main

sys.exit(main())
