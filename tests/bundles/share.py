"""How many steps of the corpus' histories may be in a bundle, by what their files say: nothing is run.

    python3 tests/bundles/share.py CORPUS [PROJECT …] [--reasons]

CORPUS is a folder with a folder for each project, each with an alembic.ini.
"""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.paths import limbec_binary


def share(project):
    """How many upgrades there are, how many are proven, and why the others are not."""
    command = [str(limbec_binary()), "bundle", "build", "--dry-run", "--format", "json"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert done.stdout, done.stderr
    told = json.loads(done.stdout)
    reasons = [each["reason"] for each in told["needs_python"] if each["direction"] == "upgrade"]
    return told["wanted"], told["proven"], reasons


def kind(reason):
    """The reason without its place."""
    return re.sub(r" \(([\w./-]+:|line )\d+\)$", "", reason)


def main(arguments):
    corpus, *names = [argument for argument in arguments if not argument.startswith("--")]
    projects = [Path(corpus) / name for name in names] or sorted(
        path.parent for path in Path(corpus).glob("*/alembic.ini")
    )
    reasons, wanted, proven = Counter(), 0, 0
    for project in projects:
        of_project = share(project)
        wanted, proven = wanted + of_project[0], proven + of_project[1]
        reasons.update(map(kind, of_project[2]))
        print(f"{project.name:24} {of_project[1]:5} of {of_project[0]:5}", flush=True)
    print(f"{'all':24} {proven:5} of {wanted:5}")
    if "--reasons" in arguments:
        for reason, count in reasons.most_common():
            print(f"{count:6}  {reason}")


if __name__ == "__main__":
    main(sys.argv[1:])
