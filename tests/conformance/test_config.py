"""Generated ini and TOML files mean to limbec what they mean to Alembic.

`heads` is the question: it names the script location where that is missing, lists one revision of each version location
in their order, and crashes where Python's configparser or its `%` operator do.
"""

import random
from pathlib import Path

import pytest
from alembic_in_process import ask, ask_limbec

HERE = "%(here)s"
PLACES = ["m", "m/", "./m", f"{HERE}/m", f"{HERE}/./m//", "nowhere", "no where/..//x/", "m é"]
VALUES = [
    "",
    "a",
    "a:b",
    "a, b",
    "a b  c",
    "a;b",
    "a : b",
    f"{HERE}/a",
    "%(x)s",
    "%(X)s/a",
    "%%",
    "100%%",
    "a # no comment",
]
BAD = ["%", "%(x)", "%(nope)s", "%(x)d", "5% off", "%()s"]
SEPARATORS = ["os", ":", ";", "space", "newline", "OS", ""]
SECTIONS = [
    "[alembic]",
    "[DEFAULT]",
    "[other]",
    "[alembic] # trailing",
    "[al]embic]",
    " [alembic]",
    "[ alembic ]",
    "[]",
    "[x",
]
NOISE = [
    "",
    "   ",
    "# comment",
    "; comment",
    "    # indented",
    "  continued",
    "\tcontinued",
    "junk",
    "= value",
    "k",
    "a = [b]",
]
KEYS = ["script_location", "version_locations", "prepend_sys_path", "path_separator", "version_path_separator", "x"]
KEYS += ["truncate_slug_length", "recursive_version_locations", "sourceless", "here", "Script_Location", "timezone"]
BARE_TOMLS = ["", "[tool]\nalembic = 1\n", "tool = 1\n", "x = = 1\n", "[tool.alembic]\n", "[tool.ruff]\n"]
ARGUMENTS = [[], [], [], ["-n", "other"], ["-n", "DEFAULT"], ["-c", "alembic.ini"], ["-c", "absent.ini"]]


def value_for(choose: random.Random, key: str) -> str:
    if choose.random() < 0.04:
        return choose.choice(BAD)
    if key.lower() == "script_location":
        return choose.choice(PLACES)
    if key.endswith("separator"):
        return choose.choice(SEPARATORS)
    if key == "truncate_slug_length":
        return choose.choice(["5", " 1_0 ", "0", "-1", "x", "4.0"])
    if key in ("recursive_version_locations", "sourceless"):
        return choose.choice(["true", "True", "1", "false"])
    return choose.choice(VALUES)


def ini_text(choose: random.Random) -> str:
    lines = [] if choose.random() < 0.05 else ["[alembic]", f"script_location = {choose.choice(PLACES)}"]
    for _ in range(choose.randrange(8)):
        kind = choose.random()
        if kind < 0.08:
            lines.append(choose.choice(SECTIONS))
        elif kind < 0.25:
            lines.append(choose.choice(NOISE))
        else:
            key = choose.choice(KEYS)
            delimiter = choose.choice([" = ", "=", ": ", " :", "\t=\t"])
            lines.append(f"{key}{delimiter}{value_for(choose, key)}")
    return choose.choice(["\n", "\n", "\n", "\r\n", "\r"]).join(lines) + choose.choice(["", "\n"])


def toml_value(choose: random.Random, key: str) -> str:
    texts = [f'"{text}"' for text in [*PLACES, *VALUES, *BAD[:3]]]
    if key == "timezone":
        # Of another type, Alembic refuses it when a date is written, and limbec at once.
        return choose.choice(texts)
    scalars = [
        "true",
        "false",
        "3",
        "0",
        "1.5",
        "2026-01-02",
        '{ a = "b" }',
        "[]",
        '["a", 1]',
        '[{ name = "a" }]',
        "[1]",
    ]
    lists = ['["a", "b"]', f'["{HERE}/a", "c"]', '["%%"]', '["%"]']
    return choose.choice(texts + scalars + lists)


def toml_text(choose: random.Random) -> str:
    if choose.random() < 0.1:
        return choose.choice(BARE_TOMLS)
    keys = choose.sample([key for key in KEYS if key.islower()], choose.randrange(4))
    lines = ["[tool.alembic]", *[f"{key} = {toml_value(choose, key)}" for key in keys]]
    if choose.random() < 0.7 and "script_location" not in keys:
        lines.append(f'script_location = "{choose.choice(PLACES)}"')
    return "\n".join(lines) + "\n"


def revision(folder: Path, name: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.py").write_text(f'revision = "{name}"\ndown_revision = None\n')


def project(folder: Path) -> None:
    for place in ("m/versions", "m é/versions", "m/versions/deeper", "a", "b", "c", "d"):
        revision(folder / place, "r" + "".join(c for c in place if c.isalnum() and c.isascii()))


def compare(limbec: Path, cases: list[dict]) -> None:
    different = []
    for case, expected in zip(cases, ask(cases), strict=True):
        got = ask_limbec(limbec, case)
        said = got["stderr"].startswith("error: ") if expected["exit"] == 1 else True
        if (got["exit"], got["stdout"], said) != (expected["exit"], expected["stdout"], True):
            different.append({"files": case["files"], "expected": expected, "got": got})
    assert not different, f"{len(different)} of {len(cases)} differ, the first: {different[0]}"


def case(folder: Path, files: dict[str, str], argv: list[str], **environment: str) -> dict:
    project(folder)
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(text.encode())
    return {"cwd": str(folder), "argv": [*argv, "heads"], "environment": environment, "files": files}


@pytest.mark.parametrize("seed", range(2))
def test_generated_inis(limbec_bin: Path, tmp_path: Path, seed: int) -> None:
    choose = random.Random(seed)
    cases = []
    for number in range(60):
        argv = choose.choice(ARGUMENTS)
        cases.append(case(tmp_path / str(number), {"alembic.ini": ini_text(choose)}, argv))
    compare(limbec_bin, cases)


@pytest.mark.parametrize("seed", range(2))
def test_generated_tomls(limbec_bin: Path, tmp_path: Path, seed: int) -> None:
    choose = random.Random(seed)
    cases = []
    for number in range(60):
        files = {"pyproject.toml": toml_text(choose)}
        if choose.random() < 0.3:
            files["alembic.ini"] = ini_text(choose)
        cases.append(case(tmp_path / str(number), files, []))
    compare(limbec_bin, cases)


def test_where_the_files_are(limbec_bin: Path, tmp_path: Path) -> None:
    files = {
        "alembic.ini": "[alembic]\nscript_location = a1\n",
        "other.ini": "[alembic]\nscript_location = %(here)s/a2\n",
        "d/pyproject.toml": '[tool.alembic]\nscript_location = "%(here)s/a3"\n',
        "empty.ini": "",
        "pyproject.toml": '[tool.alembic]\nscript_location = "a4"\n',
        "latin.ini": "[alembic]\nscript_location = é\n",
    }
    lines: list[tuple[list[str], dict[str, str]]] = [
        ([], {}),
        (["-c", "other.ini"], {}),
        (["-c", "./d/../other.ini"], {}),
        (["-c", "empty.ini"], {}),
        (["-c", "empty.ini", "-c", "d/pyproject.toml"], {}),
        (["-c", "d/pyproject.toml"], {}),
        (["-c", "d/pyproject.toml", "-c", "pyproject.toml"], {}),
        (["-c", "other.ini", "-c", "alembic.ini"], {}),
        (["-c", "absent/pyproject.toml", "-c", "empty.ini"], {}),
        (["-c", "d"], {}),
        (["-c", "latin.ini"], {}),
        ([], {"ALEMBIC_CONFIG": "other.ini"}),
        ([], {"ALEMBIC_CONFIG": ""}),
        (["-c", "empty.ini"], {"ALEMBIC_CONFIG": "d/pyproject.toml"}),
        (["-c", "alembic.ini"], {"ALEMBIC_CONFIG": "other.ini"}),
    ]
    cases = [case(tmp_path / str(n), files, argv, **env) for n, (argv, env) in enumerate(lines)]
    compare(limbec_bin, cases)
