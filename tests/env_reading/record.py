"""Record which URL generated env.py files really use, for tests/env_reading/main.rs.

Run with a Python that has Alembic: python tests/env_reading/record.py > tests/env_reading/recorded.jsonl
Each file is built from random fragments and run by Alembic with an engine that only notes its URL; the test demands
that limbec either says the same or says that it does not know.
"""

import json
import os
import random
import tempfile
import types
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from unittest import mock

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory

VARIABLES = ["A", "B", "C"]
# The same list is in main.rs.
ENVIRONMENTS: list[dict[str, str]] = [
    {},
    {"A": "x://a"},
    {"A": "x://a", "B": "one", "C": ""},
    {"B": "x://%b", "C": "A"},
]
LITERALS = ["'x://one'", "'x://two%%'", "''", "'A'", "None"]


class Writer:
    """Random statements over the names u, v and w."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.functions = 0

    def pick(self, *options: str) -> str:
        return self.chance.choice(options)

    def variable(self) -> str:
        return self.chance.choice(VARIABLES)

    def text(self, depth: int = 0) -> str:
        simple = [
            self.chance.choice(LITERALS[:2]),
            self.pick("u", "v", "w"),
            f"os.environ.get('{self.variable()}', {self.chance.choice(LITERALS)})",
            f"os.getenv('{self.variable()}')",
            f"os.environ['{self.variable()}']",
            "config.get_main_option('sqlalchemy.url')",
            "config.get_main_option('missing', 'x://missing')",
        ]
        if depth > 2:
            return self.chance.choice(simple)
        inner = self.text(depth + 1)
        other = self.text(depth + 1)
        return self.chance.choice(
            simple
            + [
                f"({inner} or {other})",
                f"({inner} and {other})",
                f"({inner} if {self.condition(depth + 1)} else {other})",
                f'f"x://{{{inner}}}/y"',
                f"({inner} + {other})",
                f"{inner}.replace('x', 'y%%', 1)",
                f"{inner}.replace('%', '%%')",
                f"str({inner})",
                f"quote_plus({inner})",
                f"opaque({inner})",
            ]
        )

    def condition(self, depth: int = 0) -> str:
        text = self.text(depth + 1)
        options = [
            text,
            f"not {text}",
            f"{text} is None",
            f"{text} is not None",
            f"'{self.variable()}' in os.environ",
            f"{text} == {self.text(depth + 1)}",
            f"{text}.startswith('x')",
            f"'one' in {text}",
            "opaque(True)",
            "context.is_offline_mode()",
            f"bool({text})",
        ]
        if depth < 2:
            options.append(f"({self.condition(depth + 1)} and {self.condition(depth + 1)})")
            options.append(f"({self.condition(depth + 1)} or {self.condition(depth + 1)})")
        return self.chance.choice(options)

    def block(self, depth: int) -> list[str]:
        lines: list[str] = []
        for _ in range(self.chance.randint(1, 2)):
            lines += self.statement(depth)
        return ["    " + line for line in lines]

    def statement(self, depth: int = 0) -> list[str]:
        name = self.pick("u", "v", "w")
        options = [
            [f"{name} = {self.text()}"],
            [f"config.set_main_option('sqlalchemy.url', {self.text()})"],
            [f"{name} += {self.text(2)}"],
            [f"opaque({name})"],
            [f"section['sqlalchemy.url'] = {self.text()}"],
        ]
        if depth < 2:
            options += [
                [f"if {self.condition()}:", *self.block(depth + 1), "else:", *self.block(depth + 1)],
                [f"if {self.condition()}:", *self.block(depth + 1)],
                ["try:", *self.block(depth + 1), "except Exception:", *self.block(depth + 1)],
                ["for w in ('a', 'b'):", *self.block(depth + 1)],
                ["with suppress(Exception):", *self.block(depth + 1)],
                [f"if {self.condition()}:", "    raise RuntimeError('x')"],
            ]
        if depth == 0:
            self.functions += 1
            call = f"go{self.functions}"
            options += [
                [
                    f"def {call}(u):",
                    *self.block(1),
                    f"    if {self.condition()}:",
                    f"        return {self.text()}",
                    f"    return {self.text()}",
                    f"{name} = {call}({self.text(2)})",
                ],
                [f"def {call}():", "    global u", *self.block(1), f"{call}()"],
                [f"os.environ['{self.variable()}'] = {self.chance.choice(LITERALS[:2])}"],
            ]
        return self.chance.choice(options)

    def source(self) -> str:
        lines = [
            "import os",
            "from contextlib import suppress",
            "from urllib.parse import quote_plus",
            "from sqlalchemy import create_engine, engine_from_config, pool",
            "from alembic import context",
            "from application import opaque",
            "config = context.config",
            "section = config.get_section(config.config_ini_section, {})",
            "u = 'x://u'",
            "v = None",
            "w = ''",
        ]
        for _ in range(self.chance.randint(1, 4)):
            lines += self.statement()
        lines += [
            self.pick(
                "engine = engine_from_config(config.get_section(config.config_ini_section, {}), prefix='sqlalchemy.')",
                "engine = engine_from_config(config.get_section(config.config_ini_section, {}), prefix='sqlalchemy.')",
                "engine = engine_from_config(section, poolclass=pool.NullPool)",
                "engine = create_engine(u)",
            ),
            "with engine.connect() as connection:",
            "    context.configure(connection=connection)",
            "    with context.begin_transaction():",
            "        context.run_migrations()",
        ]
        return "\n".join(lines) + "\n"


class Engine:
    def __init__(self, url: str) -> None:
        self.url = url

    def __enter__(self) -> "Engine":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def connect(self) -> "Engine":
        return self


def real_url(folder: Path, source: str, variables: dict[str, str], opaque: str) -> str | None:
    """The URL of the only `configure`; None when Alembic fails."""
    (folder / "env.py").write_text(source)
    config = Config(str(folder / "alembic.ini"))
    script = ScriptDirectory.from_config(config)
    seen: list[str] = []
    application = types.ModuleType("application")
    application.opaque = {"same": lambda x: x, "none": lambda x: None, "text": lambda x: "x://opaque"}[opaque]  # type: ignore[attr-defined]

    def configure(self: EnvironmentContext, connection: Engine | None = None, **_: object) -> None:
        assert connection is not None
        seen.append(connection.url)

    def make(url: str, **_: object) -> Engine:
        if not isinstance(url, str) or not url:
            raise ValueError("no URL")
        return Engine(url)

    with (
        mock.patch.dict("sys.modules", application=application),
        mock.patch.dict(os.environ, variables),
        mock.patch("sqlalchemy.create_engine", make),
        mock.patch("sqlalchemy.engine.create.create_engine", make),
        mock.patch.object(EnvironmentContext, "configure", configure),
        mock.patch.object(EnvironmentContext, "run_migrations", lambda self, **_: None),
        mock.patch.object(EnvironmentContext, "begin_transaction", lambda self: Engine("")),
        redirect_stdout(StringIO()),
        EnvironmentContext(config, script, fn=lambda rev, ctx: []),
    ):
        for name in VARIABLES:
            if name not in variables:
                os.environ.pop(name, None)
        try:
            script.run_env()
        except Exception:
            return None
    return seen[0] if len(seen) == 1 else None


def main() -> None:
    chance = random.Random(20261121)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "versions").mkdir()
        (folder / "alembic.ini").write_text(f"[alembic]\nscript_location = {folder}\nsqlalchemy.url = x://ini\n")
        for _ in range(300):
            source = Writer(chance).source()
            # What the application returns is not known to a reader: its answers differ between the runs.
            answers = [
                [real_url(folder, source, variables, opaque) for opaque in ("same", "none", "text")]
                for variables in ENVIRONMENTS
            ]
            print(json.dumps({"source": source, "answers": answers}))


if __name__ == "__main__":
    main()
