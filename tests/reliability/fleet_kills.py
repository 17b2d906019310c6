"""Kill fleet runs at random moments, many times over, and continue them: `fleet_kills.py ROUNDS [SEED]`.

Needs LIMBEC_TEST_POSTGRES_TRUSTED (scripts/with-servers) and the project's Alembic in front of PATH.
"""

import os
import sys
import tempfile
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from support.databases import run_on_server
from support.fleets import rounds
from support.paths import limbec_binary


def main() -> None:
    count, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    server = os.environ["LIMBEC_TEST_POSTGRES_TRUSTED"]
    for number in range(count):
        created = []

        def create(created=created) -> str:
            created.append(f"limbec_{uuid.uuid4().hex[:16]}")
            run_on_server(server, f"CREATE DATABASE {created[-1]}")
            return server.replace("postgresql://", "postgresql+psycopg2://").rpartition("/")[0] + f"/{created[-1]}"

        with tempfile.TemporaryDirectory() as folder:
            killed = rounds(Path(folder), limbec_binary(), create, count=1, seed=seed + number)
        print(f"round {number + 1}: killed {killed[0]} times, every tenant at head, every revision once", flush=True)
        for name in created:
            run_on_server(server, f"DROP DATABASE {name} WITH (FORCE)")


if __name__ == "__main__":
    main()
