"""Generated revision files mean to limbec what they mean when Python imports them, as `history -v` tells."""

import random
from pathlib import Path

import pytest
from alembic_in_process import ask, ask_limbec

CONSTANTS = "ROOT = 'aaaa'\nROOTS = ('aaaa',)\nLABEL = 'imported'\nLISTED = ['aaaa']\nCOMPUTED = 'AAAA'.lower()\n"
BASE = '"""base"""\nrevision = "aaaa"\ndown_revision = None\n'

DOCUMENTATION = [
    "",
    '"""one line"""',
    '"""first\nsecond\n\nRevision ID: bbbb\n"""',
    '"""\n\n  indented\n\ttab\n"""',
    "'a' \"b\" r'\\n'",
    '"""esc\\t\\x41\\u00e9\\N{BULLET}\\101 \\\n  joined\\d"""',
    'f"""no docstring"""',
    'b"""no docstring"""',
    "# comment\n'''späte Zeile'''",
    '"""one"""\n__doc__ = "two"',
    "x = 1\n'''not first'''",
    '"""Add \x1c\x0b\x85\u2028 lines\u3000"""',
]
PREAMBLES = [
    "",
    "from alembic import op\nimport sqlalchemy as sa\nfrom typing import Sequence, Union",
    "from constants import ROOT, ROOTS, LABEL, LISTED, COMPUTED",
    "import constants\nROOT, LABEL = constants.ROOT, constants.LABEL",
    "ROOT = 'aaaa'\nLABEL = 'local'",
    "from sqlalchemy import *",
    "from constants import *",
    "try:\n    from constants import ROOT\nexcept ImportError:\n    ROOT = 'zzzz'",
]
VALUES = [
    "'aaaa'",
    "None",
    "('aaaa',)",
    "['aaaa']",
    "{'aaaa'}",
    "()",
    "(None,)",
    "'aa' 'aa'",
    "'aa' + 'aa'",
    "f'aa{\"aa\"}'",
    "u'aaaa'",
    "r'aaaa'",
    "'\\x61aaa'",
    "('aaaa')",
    "'aaaa' if True else None",
    "(*['aaaa'],)",
    "('aaaa',) + ()",
    "'AAAA'.lower()",
    "tuple(['aaaa'])",
    "'aaaa' or None",
    "[x for x in ['aaaa']]",
    "dict(aaaa=1)",
    "'%s' % 'aaaa'",
    "'aaaazz'[:4]",
]
IMPORTED = ["ROOT", "f'{ROOT}'", "(ROOT,)", "ROOT + ''"]
STATEMENTS = [
    "{name} = {value}",
    "{name} = {value}",
    "{name}: str = {value}",
    "{name}: 'Union[str, None]' = {value}  # comment",
    "other = {name} = {value}",
    "other, {name} = 1, {value}",
    "[{name}, *rest] = [{value}, 1, 2]",
    "{name} = 'zzzz'\n{name} = {value}",
    "if True:\n    {name} = {value}\nelse:\n    {name} = 'zzzz'",
    "import os\nif os.sep == '/':\n    {name} = {value}\nelse:\n    {name} = 'zzzz'",
    "try:\n    import nowhere_at_all\n    {name} = 'zzzz'\nexcept ImportError:\n    {name} = {value}",
    "for {name} in [{value}]:\n    pass",
    "with open(__file__):\n    {name} = {value}",
    "def set_it():\n    global {name}\n    {name} = {value}\n{name} = 'zzzz'\nset_it()",
    "globals()['{name}'] = {value}",
    "exec('{name} = None')\n{name} = {value}",
    "{name} = ['zzzz']\n{name}.clear()\n{name}.extend([{value}] if {value} == 'aaaa' else [])",
    "print(({name} := {value}), end='', file=open('/dev/null', 'w'))",
    "class Holder:\n    {name} = 'zzzz'\n{name} = {value}",
    "def upgrade():\n    {name} = 'zzzz'\n{name} = {value}",
    "{name} = {value}\nif __name__ == '__main__':\n    {name} = 'zzzz'",
    "{name} = {value}; unused = lambda {name}: {name}",
    "(\n    {name}\n) = (\n    {value}\n)",
]


def assigned(choose: random.Random, name: str, values: list[str]) -> str:
    return choose.choice(STATEMENTS).format(name=name, value=choose.choice(values))


def revision_file(choose: random.Random) -> str:
    preamble = choose.choice(PREAMBLES)
    values = VALUES + (IMPORTED if "ROOT" in preamble else [])
    parts = [choose.choice(DOCUMENTATION), preamble, "revision = 'bbbb'", assigned(choose, "down_revision", values)]
    if choose.random() < 0.4:
        labels = ["None", "'label'", "('label',)", "['label']"] + (["LABEL"] if "LABEL" in preamble else [])
        parts.append(assigned(choose, "branch_labels", labels))
    if choose.random() < 0.4:
        parts.append(assigned(choose, "depends_on", ["None", "'aaaa'", "('aaaa',)", "[]"]))
    return "\n".join(parts) + "\n"


def case(folder: Path, files: dict[str, bytes], **options: str) -> dict:
    versions = folder / "m/versions"
    versions.mkdir(parents=True)
    lines = ["[alembic]", "script_location = m", "prepend_sys_path = .", *[f"{k} = {v}" for k, v in options.items()]]
    (folder / "alembic.ini").write_text("\n".join(lines))
    (folder / "constants.py").write_text(CONSTANTS)
    for name, content in files.items():
        (versions / name).parent.mkdir(parents=True, exist_ok=True)
        (versions / name).write_bytes(content)
    return {"cwd": str(folder), "argv": ["history", "-v"], "environment": {}, "files": repr(files)}


def compare(limbec: Path, cases: list[dict]) -> None:
    different = []
    for one, expected in zip(cases, ask(cases), strict=True):
        got = ask_limbec(limbec, one)
        if (got["exit"], got["stdout"]) != (expected["exit"], expected["stdout"]):
            different.append({"files": one["files"], "expected": expected, "got": got})
    assert not different, f"{len(different)} of {len(cases)} differ, the first: {different[0]}"


@pytest.mark.parametrize("seed", range(2))
def test_generated_files(limbec_bin: Path, tmp_path: Path, seed: int) -> None:
    choose = random.Random(seed)
    cases = []
    for number in range(30):
        text = revision_file(choose)
        newline = choose.choice(["\n", "\n", "\r\n", "\r"])
        content = choose.choice([b"", b"", b"\xef\xbb\xbf"]) + text.replace("\n", newline).encode()
        cases.append(case(tmp_path / str(number), {"a.py": BASE.encode(), "b.py": content}))
    compare(limbec_bin, cases)


def test_encodings(limbec_bin: Path, tmp_path: Path) -> None:
    tail = '\nrevision = "aaaa"\ndown_revision = None\n'
    encodings = ["utf-8", "UTF8", "latin-1", "iso-8859-1", "iso-8859-15", "cp1252", "koi8-r", "nonsense", "ascii"]
    cases = []
    for coding in encodings:
        for template in (
            "# -*- coding: {} -*-",
            "#!/x\n# vim: set fileencoding={} :",
            "\n#coding={}",
            "#\n#\n# coding: {}",
        ):
            for text in ('"""plain"""', '"""café"""'):
                try:
                    content = (template.format(coding) + "\n" + text + tail).encode(coding)
                except (LookupError, UnicodeEncodeError):
                    content = (template.format(coding) + "\n" + text + tail).encode()
                cases.append(case(tmp_path / str(len(cases)), {"a.py": content}))
    compare(limbec_bin, cases)


def test_names_and_places(limbec_bin: Path, tmp_path: Path) -> None:
    def revision(name: str, down: str = "None") -> bytes:
        return f'"""{name}"""\nrevision = "{name}"\ndown_revision = {down}\n'.encode()

    legacy = b'"""legacy"""\ndown_revision = None\n'
    folders: list[tuple[dict[str, bytes], dict[str, str]]] = [
        ({"12ab.py": legacy}, {}),
        ({"12ab_x.py": legacy}, {}),
        ({"12AB.py": legacy}, {}),
        ({"a.py": b'revision = "aaaa"\n'}, {}),
        ({"a.py": b"revision = = 1\n"}, {}),
        ({"a.py": b"raise ValueError\n"}, {}),
        ({"a.py": b"import nowhere_at_all\nrevision = nowhere_at_all.X\ndown_revision = None\n"}, {}),
        ({"a.py": b"revision = 'aaaa'\ndown_revision = undefined\n"}, {}),
        ({"a.py": b"revision = 5\ndown_revision = None\n"}, {}),
        ({"a.py": b"\xff\xfe"}, {}),
        ({"a.py": b"x = '\x00'\nrevision = 'aaaa'\ndown_revision = None\n"}, {}),
        ({".#a.py": b"?", "__init__.py": b"?", "__init__extra.py": b"?", "notes.txt": b"?"}, {}),
        ({".hidden.py": revision("aaaa"), "Z.py": revision("zzzz", "'aaaa'"), "é.py": revision("eeee", "'zzzz'")}, {}),
        (
            {
                "b.py": revision("bbbb"),
                "a/2.py": revision("a222"),
                "a/b/1.py": revision("ab11"),
                "A/3.py": revision("a333"),
            },
            {},
        ),
    ]
    folders.append((folders[-1][0], {"recursive_version_locations": "true"}))
    cases = [case(tmp_path / str(n), files, **options) for n, (files, options) in enumerate(folders)]
    (tmp_path / "12/m/versions/link.py").symlink_to(tmp_path / "12/m/versions/Z.py")
    compare(limbec_bin, cases)
