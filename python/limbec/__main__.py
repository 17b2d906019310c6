"""`python -m limbec`: the binary, with this interpreter as the project's Python."""

import os
import sys

from . import find_limbec_bin


def main() -> None:
    path = find_limbec_bin()
    os.environ.setdefault("LIMBEC_PYTHON", sys.executable)
    sys.stdout.flush()
    os.execv(path, [path, *sys.argv[1:]])


if __name__ == "__main__":
    main()
