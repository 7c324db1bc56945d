"""``python -m supportd`` is the program ``supportd``."""

import sys

from supportd.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
