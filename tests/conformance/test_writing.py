"""Files that limbec writes are byte for byte those of Alembic: revision, merge, init."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import alembic
import pytest

pytest.register_assert_rewrite("twins")

from twins import Twins, normal  # noqa: E402

TEMPLATES = Path(alembic.__file__).parent / "templates"
OLDER = Path(__file__).parent / "script_templates"
NAMES = ["async", "generic", "multidb", "pyproject", "pyproject_async"]
INI = "[alembic]\nscript_location = %(here)s/migrations\npath_separator = newline\n"
GENERIC = (TEMPLATES / "generic/script.py.mako").read_text(encoding="utf-8")
# Without its logging, which this ini does not configure.
ENV = (TEMPLATES / "generic/env.py").read_text(encoding="utf-8").replace("fileConfig(config", "str(config")
MESSAGES = [
    None,
    "",
    "add user",
    "Añadir Größe: ДОБАВИТЬ \u0939\u093f\u0928\u094d\u0926\u0940 漢字 İI ½ ②",
    'it\'s "quoted" \\ back\\slash \\n',
    "first line\nsecond line\n\n  third",
    "tab\tand\rreturn",
    "${not} % an ## expression",
    "a" * 60,
    "word " * 20,
    "  !!  ",
    "trailing quote'",
    "a_very_long_message_with_underscores_only_and_no_blanks_at_all",
    "zero\u200bwidth\u2028line 😀",
]


@pytest.fixture
def twins(tmp_path: Path, limbec_bin: Path) -> Twins:
    """A project with an ini file and the generic template, without revisions."""
    pair = Twins(tmp_path, limbec_bin)
    pair.write("alembic.ini", INI)
    pair.write("migrations/script.py.mako", GENERIC)
    for root in pair.roots:
        (root / "migrations/versions").mkdir()
    return pair


def template(name: str) -> str:
    return (TEMPLATES / name / "script.py.mako").read_text(encoding="utf-8")


def diamond(twins: Twins) -> None:
    """a1 to a2; from there b1 (labelled) and c1, which depends on b1; and a root d1."""
    twins.revision("aaaa1")
    twins.revision("aaaa2", "aaaa1")
    twins.revision("bbbb1", "aaaa2", labels=["left"])
    twins.revision("cccc1", "aaaa2", depends_on="bbbb1")
    twins.revision("dddd1", labels="root")


@pytest.mark.parametrize("message", MESSAGES)
def test_messages(twins: Twins, message: str | None) -> None:
    options = [] if message is None else [f"--message={message}"]
    ours, _ = twins.both("revision", *options)
    assert ours.status == 0
    twins.both("revision", "--rev-id", "next", *options)


@pytest.mark.parametrize("message", ['three """ quotes', "ends in a backslash\\", '"', "\\x4"])
def test_messages_that_break_the_file(twins: Twins, message: str) -> None:
    ours, theirs = twins.both("revision", "-m", message)
    if theirs.status:
        assert ours.stderr.startswith("error: ")


def test_a_broken_file_is_not_written(twins: Twins) -> None:
    ours = twins.run_limbec("revision", "-m", 'three """ quotes')
    assert ours.status == 1 and "would not be a valid revision file" in ours.stderr
    assert not list((twins.limbec_root / "migrations/versions").iterdir())


@pytest.mark.parametrize("name", [*NAMES, *sorted(path.name for path in OLDER.glob("*.mako"))])
def test_templates_of_alembic(twins: Twins, name: str) -> None:
    older = OLDER / name
    twins.write("migrations/script.py.mako", older.read_bytes() if older.is_file() else template(name))
    twins.write("alembic.ini", INI + "databases = one,  two_2,three\n")
    diamond(twins)
    for argv in (
        ["revision", "--head", "cccc1", "-m", "one", "--branch-label", "new"],
        ["merge", "heads", "-m", "all"],
        ["revision", "--head", "root@head", "--rev-id", "zzzz", "--depends-on", "left", "--depends-on", "cccc"],
        ["revision", "--head", "base", "--depends-on", "bbb"],
    ):
        ours, _ = twins.both(*argv)
        assert ours.status == 0, argv


@pytest.mark.parametrize(
    "body",
    [
        "${message} ${message | h} ${message | n} ${message,}",
        "${create_date.year} ${create_date.strftime('%Y%m%d')} ${repr(depends_on)} ${up_revision.upper()}",
        "% if branch_labels:\nlabels = ${repr(branch_labels)}\n% elif down_revision:\nx\n%else :\nnothing\n% endif\n",
        "%% percent\n  %%% more\n\n\n%% after blanks\n50% # ## no comment\n  ## a comment\n",
        "one \\\ntwo\\\r\nthree\r\n${imports\nif imports else ''}\r\n",
        "<%doc>\nnothing\n</%doc>\n<%text>${kept} % kept\n</%text>",
        "<%\n    name = message + '!'\n    other = name or 'x'\n%>${name}${other}\n<% again = name %>${again}",
        "% for part in ('a', 'b'):\n${part}${nobody or 'nobody'}\n% endfor\n",
        "${'}' + \"|\" + '{'} ${ {'a': 1}['a'] } ${[1, 2]} ${(1,)} ${None} ${True and 0} ${'' or \"x\"}",
        "${', '.join(['a', 'b'])} ${'%s-%s' % ('a', 'b')} ${'%05d|%-4s|%r' % (7, 'x', \"it's\")} ${len(message)}",
        "${comma(down_revision)} ${down_revision | comma} ${down_revision is None} ${'x' in 'xyz'} ${1 == True}",
        "${config.get_main_option('script_location')} ${config.get_main_option('nope')} ${context.get('nope', 1)}",
        "${message.replace('a', 'b').title()} ${sorted(['b', 'a'])}",
        "${nobody}",
        "% if\n",
        "% for x in y\n% endfor\n",
        "${unclosed",
        "<%def name='f()'>x</%def>${f()}",
        "# ${message} }{ ${message}}",
        "${ # comment\n message }",
        "${f'{message}'} ${message[0]} ${message!r}",
        "<%! x = 1 %>${x}",
        "<%\n message = 'new' %>${message}",
        "</% ${message}",
        "a\n% \nb",
    ],
)
def test_template_language(twins: Twins, body: str) -> None:
    """What is rendered is what Mako renders; the rest is left to it."""
    twins.revision("a1")
    head = '"""x\n\nCreate Date: ${create_date}\n"""\nrevision = ${repr(up_revision)}\n'
    head += "down_revision = ${repr(down_revision)}\n"
    twins.write("migrations/script.py.mako", head + 'TEXT = r"""\n' + body + '\n"""\n')
    twins.both("revision", "-m", "a <b> message", "--rev-id", "b1")


@pytest.mark.parametrize(
    "name",
    [
        "%%(year)d_%%(month).2d_%%(day).2d_%%(hour).2d%%(minute).2d-%%(rev)s_%%(slug)s",
        "%%(year)d/%%(month).2d/%%(second).2d_%%(epoch)s_%%(rev)s_%%(slug)s",
        "%%(epoch)d-%%(rev).4s%%%%%%(slug)10.3s|%%(month)+d|%%(day)-4d|%%(hour)04d|%%(minute) d",
        "%%(year)x_%%(year)#o_%%(year)06.5d_%%(rev)r",
        "fixed",
        "%%(nope)s",
        "%%(rev)d",
        "%%(rev",
        "%%(rev)s %%",
        "%%s",
    ],
)
@pytest.mark.parametrize("timezone", ["", "timezone = utc\n", "timezone = Europe/Paris\n", "timezone = Asia/Kolkata\n"])
def test_file_names(twins: Twins, name: str, timezone: str) -> None:
    twins.write("alembic.ini", f"{INI}file_template = {name}\n{timezone}recursive_version_locations = true\n")
    twins.both("revision", "-m", "a message")


@pytest.mark.parametrize("timezone", ["europe/Paris", "Nowhere/City", "EST5EDT", "Etc/GMT+3", "America/St_Johns"])
def test_time_zones(twins: Twins, timezone: str) -> None:
    twins.write("alembic.ini", f"{INI}timezone = {timezone}\n")
    twins.both("revision", "-m", "x")


@pytest.mark.parametrize("length", [0, 1, 5, 10, 40, 100, -3, -100])
def test_slug_length(twins: Twins, length: int) -> None:
    twins.write("alembic.ini", f"{INI}truncate_slug_length = {length}\n")
    for message in ("one two three four five six seven eight nine ten", "x", "Ünïcode wörd " * 4):
        twins.both("revision", "-m", message)


@pytest.mark.parametrize(
    "argv",
    [
        ["revision"],
        ["revision", "--head", "heads"],
        ["revision", "--head", "base"],
        ["revision", "--head", "aaaa1"],
        ["revision", "--head", "aaaa1", "--splice"],
        ["revision", "--head", "left@head"],
        ["revision", "--head", "root@heads"],
        ["revision", "--head", "nope"],
        ["revision", "--head", "cccc1@head", "--depends-on", "left@head"],
        ["revision", "--head", "dddd1", "--depends-on", "nope"],
        ["revision", "--head", "dddd1", "--depends-on", "heads"],
        ["revision", "--head", "dddd1", "--depends-on", "root"],
        ["revision", "--head", "dddd1", "--depends-on", "bbbb", "--depends-on", "left", "--depends-on", "cccc1"],
        ["revision", "--head", "dddd1", "--rev-id", "a-b+c"],
        ["revision", "--head", "dddd1", "--rev-id", "aaaa1"],
        ["revision", "--head", "dddd1", "--rev-id", ""],
        ["revision", "--head", "dddd1", "--branch-label", "fresh"],
        ["revision", "--head", "dddd1", "--branch-label", "left"],
        ["revision", "--head", "dddd1", "--version-path", "ROOT/migrations/versions"],
        ["revision", "--head", "dddd1", "--version-path", "./migrations//versions/"],
        ["revision", "--head", "dddd1", "--version-path", "elsewhere/x"],
        ["revision", "--head", "dddd1", "--sql"],
        ["revision", "--autogenerate", "--sql"],
        ["-q", "revision", "--head", "dddd1"],
        ["-q", "revision", "--head", "nope"],
        ["merge", "heads"],
        ["merge", "heads", "-m", "Both", "--branch-label", "joined", "--rev-id", "m1"],
        ["merge", "bbbb1", "cccc1"],
        ["merge", "bbbb1", "bbbb1"],
        ["merge", "aaaa2", "dddd1"],
        ["merge", "aaaa2", "dddd1", "--splice"],
        ["merge", "left@head", "root"],
        ["merge", "base", "dddd1"],
        ["merge", "nope"],
        ["merge", "dddd1"],
    ],
)
def test_parents_and_options(twins: Twins, argv: list[str]) -> None:
    diamond(twins)
    twins.both(*argv)


def test_a_template_without_branch_labels(twins: Twins) -> None:
    twins.write(
        "migrations/script.py.mako", "revision = ${repr(up_revision)}\ndown_revision = ${repr(down_revision)}\n"
    )
    ours, _ = twins.both("revision", "--rev-id", "abc", "--branch-label", "label")
    assert "specified branch_labels label, however" in ours.stdout


@pytest.mark.parametrize("argv", [[], ["--head", "base"], ["--head", "inx"], ["--version-path", "ROOT/two"]])
@pytest.mark.parametrize("locations", ["%(here)s/one\n  %(here)s/two", "one\n  two\n  three"])
def test_version_locations(twins: Twins, argv: list[str], locations: str) -> None:
    twins.write("alembic.ini", f"{INI}version_locations = {locations}\n")
    twins.revision("inx", folder="one", labels="x")
    if argv == []:
        twins.both("revision", "-m", "follows its parent")
    twins.both("revision", *argv)
    twins.both("revision", "--head", "base", "--version-path", "three", "-m", "new folder")


@pytest.mark.parametrize("encoding", ["utf-8", "UTF8", "ascii", "latin_1", "utf-8-sig"])
def test_output_encodings(twins: Twins, encoding: str) -> None:
    twins.write("alembic.ini", f"{INI}output_encoding = {encoding}\n")
    twins.both("revision", "-m", "plain")


def test_toml(twins: Twins) -> None:
    for root in twins.roots:
        (root / "alembic.ini").unlink()
    twins.write(
        "pyproject.toml",
        '[tool.alembic]\nscript_location = "%(here)s/migrations"\ntimezone = "UTC"\ntruncate_slug_length = 7\n'
        'file_template = "%%(year)d_%%(rev)s_%%(slug)s"\n[[tool.alembic.post_write_hooks]]\nname = "touch it"\n'
        'type = "exec"\nexecutable = "cp"\noptions = "REVISION_SCRIPT_FILENAME %(here)s/\'a copy\'"\n',
    )
    ours, _ = twins.both("revision", "-m", "some words")
    assert "Running post write hook 'touch it' ...\n  done\n" in ours.stdout
    assert (twins.limbec_root / "a copy").exists()


HOOKS = {
    "exec": "mine.type = exec\nmine.executable = sed\nmine.options = -i s/upgrade/UPGRADE/ REVISION_SCRIPT_FILENAME\n",
    "cwd": "mine.type = exec\nmine.executable = ./tool\nmine.cwd = %(here)s/tools\nmine.options = \"a b\" 'c'\n",
    "console script": "mine.type = console_scripts\nmine.entrypoint = black\nmine.options = -q -l 20\n",
    "module": "mine.type = module\nmine.module = black\nmine.options = -q -l 20 REVISION_SCRIPT_FILENAME\n",
    "failing": "mine.type = exec\nmine.executable = false\n",
    "absent": "mine.type = exec\nmine.executable = no-such-program\n",
    "no type": "mine.executable = false\n",
    "no executable": "mine.type = exec\n",
    "no entrypoint": "mine.type = console_scripts\n",
    "no module": "mine.type = module\n",
    "bad options": "mine.type = exec\nmine.executable = true\nmine.options = 'open\n",
}


@pytest.mark.parametrize("kind", HOOKS)
def test_hooks(twins: Twins, kind: str) -> None:
    twins.write("alembic.ini", f"{INI}\n[post_write_hooks]\nhooks = mine\n{HOOKS[kind]}")
    twins.write("tools/tool", '#!/bin/sh\nprintf "# %s %s\\n" "$2" "$3" >> "$1"\n')
    for root in twins.roots:
        (root / "tools/tool").chmod(0o755)
    before = twins.tree(twins.limbec_root)
    ours, theirs = twins.both("revision", "-m", "x")
    if theirs.status == 1:
        assert ours.stderr.startswith("error: post write hook 'mine'") or "options of post write hook" in ours.stderr
        assert len(twins.tree(twins.limbec_root)) == len(before) + 1, "the file stays, as with Alembic"


def test_an_existing_file_is_not_overwritten(twins: Twins) -> None:
    twins.write("alembic.ini", f"{INI}file_template = %%(slug)s\n")
    twins.both("revision", "-m", "name", "--rev-id", "one")
    before = twins.tree(twins.limbec_root)
    ours = twins.run_limbec("revision", "-m", "name", "--rev-id", "two")
    assert ours.status == 1 and "exists already and is not overwritten" in ours.stderr
    assert twins.tree(twins.limbec_root) == before


def test_new_files_have_the_usual_mode(twins: Twins) -> None:
    twins.both("revision", "--rev-id", "one")
    modes = {(root / "migrations/versions/one_.py").stat().st_mode for root in twins.roots}
    assert len(modes) == 1


def tree_of_alembic(twins: Twins) -> dict[str, bytes]:
    """What limbec's init has made, without the one file that is its own."""
    tree = twins.tree(twins.limbec_root)
    own = [name for name in tree if name.rpartition("/")[2] == "limbec.toml"]
    assert len(own) <= 1
    for name in own:
        assert tree.pop(name).endswith(b"\nhistory = true\n")
    return tree


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("directory", ["migrations", "./a//b/c/", "ROOT/absolute/x", "."])
@pytest.mark.parametrize("options", [[], ["--package"], ["-c", "x.ini"], ["-c", "./sub/pyproject.toml", "-q"]])
def test_init(tmp_path: Path, limbec_bin: Path, name: str, directory: str, options: list[str]) -> None:
    twins = Twins(tmp_path, limbec_bin)
    if "-q" in options and directory == "migrations":
        # Before Python 3.12 Alembic computes a wrong location for a file that is not above the directory.
        directory = "sub/migrations"
    elif "-q" in options:
        pytest.skip("see above")
    argv = ["init", "-t", name, *options, directory] if options == ["--package"] else options + ["init", "-t", name]
    argv = argv if directory in argv else [*argv, directory]
    for _ in range(2):
        # Once more: nothing is overwritten.
        ours, theirs = twins.run_limbec(*argv), twins.run_alembic(*argv)
        assert ours.status == theirs.status, (ours, theirs)
        lines = [
            sorted(normal(outcome.stdout, root).splitlines()) for outcome, root in zip((ours, theirs), twins.roots)
        ]
        assert lines[0] == lines[1]
        assert tree_of_alembic(twins) == twins.tree(twins.alembic_root)


@pytest.mark.parametrize("existing", ["alembic.ini", "pyproject.toml", "both", "section"])
def test_init_beside_existing_files(tmp_path: Path, limbec_bin: Path, existing: str) -> None:
    twins = Twins(tmp_path, limbec_bin)
    if existing in ("alembic.ini", "both"):
        twins.write("alembic.ini", "[alembic]\nscript_location = somewhere\n")
    if existing != "alembic.ini":
        text = "[tool.alembic]\nx = 1\n" if existing == "section" else "[project]\nname = 'x'"
        twins.write("pyproject.toml", text)
    twins.write("full/file", "x")
    for argv in (["init", "-t", "pyproject", "m"], ["init", "full"], ["init", "-t", "nope", "n"], ["init", "m2"]):
        ours, theirs = twins.run_limbec(*argv), twins.run_alembic(*argv)
        assert ours.status == theirs.status
        assert sorted(ours.stdout.replace(str(twins.limbec_root), "ROOT").splitlines()) == sorted(
            theirs.stdout.replace(str(twins.alembic_root), "ROOT").splitlines()
        )
        assert tree_of_alembic(twins) == twins.tree(twins.alembic_root)


def test_init_from_a_custom_template(tmp_path: Path, limbec_bin: Path) -> None:
    twins = Twins(tmp_path, limbec_bin)
    custom = tmp_path / "custom"
    shutil.copytree(TEMPLATES / "generic", custom)
    (custom / "run.sh").write_text("#!/bin/sh\n")
    (custom / "run.sh").chmod(0o755)
    (custom / "sub").mkdir()
    argv = ["init", "-t", str(custom), "m"]
    assert twins.run_limbec(*argv).status == twins.run_alembic(*argv).status == 0
    assert tree_of_alembic(twins) == twins.tree(twins.alembic_root)
    assert {(root / "m/run.sh").stat().st_mode & 0o777 for root in twins.roots} == {0o755}


@pytest.mark.parametrize("name", [*NAMES, *sorted(path.name for path in OLDER.glob("*.mako"))])
def test_templates_of_alembic_need_no_python(twins: Twins, name: str) -> None:
    older = OLDER / name
    twins.write("migrations/script.py.mako", older.read_bytes() if older.is_file() else template(name))
    twins.write("alembic.ini", INI + "databases = one,  two_2,three\n")
    ours = twins.run_limbec("revision", VIRTUAL_ENV="/nowhere", PATH="/nowhere")
    assert ours.status == 0, ours


def custom_python(twins: Twins, hook: str) -> None:
    """A hook that is registered in env.py, and a template that takes an argument from there."""
    env = ENV.replace("target_metadata=target_metadata", "target_metadata=None, template_args={'extra': 'more'}")
    twins.write("migrations/env.py", env + hook)


def test_revision_environment(twins: Twins) -> None:
    """env.py is run, and may register hooks and add arguments of the template."""
    custom_python(
        twins,
        "\nfrom alembic.script import write_hooks\n\n\n@write_hooks.register('mine')\ndef mine(path, options):\n"
        "    with open(path, 'a') as file:\n        file.write('# ' + options['word'] + '\\n')\n",
    )
    options = "revision_environment = true\nsqlalchemy.url = sqlite://\n"
    twins.write("alembic.ini", f"{INI}{options}[post_write_hooks]\nhooks = h\nh.type = mine\nh.word = yes\n")
    twins.write("migrations/script.py.mako", GENERIC + "# ${extra}\n")
    diamond(twins)
    ours, _ = twins.both("revision", "--head", "root", "-m", "x")
    assert ours.status == 0 and "Running post write hook 'h' ...\n  done\n" in ours.stdout
    ours, _ = twins.both("merge", "heads")
    assert ours.status == 0
    files = [path.read_text() for path in (twins.limbec_root / "migrations/versions").glob("????????????_*.py")]
    assert len(files) == 2 and all(text.endswith("# more\n# yes\n") for text in files)


def test_autogenerate(twins: Twins) -> None:
    twins.write("alembic.ini", f"{INI}sqlalchemy.url = sqlite:///ROOT/x.db\n")
    models = "import sqlalchemy as sa\ntarget_metadata = sa.MetaData()\nsa.Table('t', target_metadata, sa.Column('x'))"
    twins.write("migrations/env.py", ENV.replace("target_metadata = None", models))
    ours, _ = twins.both("revision", "--autogenerate", "-m", "tables")
    assert ours.status == 0
    text = next((twins.limbec_root / "migrations/versions").glob("*_tables.py")).read_text()
    assert "op.create_table('t'" in text


def test_the_bundled_templates_are_those_of_alembic(tmp_path: Path, limbec_bin: Path) -> None:
    """Without a Python, the templates that limbec brings along."""
    if not alembic.__version__.startswith("1.20."):
        pytest.skip("they are those of 1.20")
    twins = Twins(tmp_path, limbec_bin)
    for name in NAMES:
        ours = twins.run_limbec("init", "-t", name, name, VIRTUAL_ENV="/nowhere", PATH="/nowhere")
        assert ours.status == twins.run_alembic("init", "-t", name, name).status == 0
    assert tree_of_alembic(twins) == twins.tree(twins.alembic_root)


def test_list_templates(tmp_path: Path, limbec_bin: Path, alembic_bin: Path) -> None:
    twins = Twins(tmp_path, limbec_bin)
    theirs = subprocess.run([alembic_bin, "list_templates"], capture_output=True, text=True, check=True).stdout
    assert twins.run_limbec("list_templates").stdout == theirs


def test_edit(twins: Twins) -> None:
    diamond(twins)
    twins.write("editor", '#!/bin/sh\necho "$@" >> log\n[ "$1" != "${1%cccc1.py}" ] && exit 4\nexit 0\n')
    for root in twins.roots:
        (root / "editor").chmod(0o755)
    for rev in ("left", "heads", "nope", "base", "head", "aaaa1", "dddd"):
        ours = twins.run_limbec("edit", rev, EDITOR="./editor")
        environment = {"EDITOR": "./editor", "PATH": "/nowhere"}
        theirs = subprocess.run(
            [sys.executable, "-m", "alembic.config", "edit", rev],
            cwd=twins.alembic_root,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        assert ours.status == theirs.returncode, rev
        assert normal(ours.stdout, twins.limbec_root) == normal(theirs.stdout, twins.alembic_root)
    assert twins.tree(twins.limbec_root)["log"] == twins.tree(twins.alembic_root)["log"]


def test_edit_current(twins: Twins) -> None:
    twins.write("alembic.ini", f"{INI}sqlalchemy.url = sqlite:///ROOT/x.db\n")
    twins.write("migrations/env.py", ENV)
    twins.write("editor", '#!/bin/sh\necho "$@" >> log\n')
    diamond(twins)
    for root in twins.roots:
        (root / "editor").chmod(0o755)

    def both(*argv: str) -> int:
        ours = twins.run_limbec(*argv, EDITOR="./editor")
        theirs = subprocess.run(
            [sys.executable, "-m", "alembic.config", *argv],
            cwd=twins.alembic_root,
            env={"EDITOR": "./editor", "PATH": "/nowhere"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        assert ours.status == theirs.returncode, (argv, ours, theirs)
        assert normal(ours.stdout, twins.limbec_root) == normal(theirs.stdout, twins.alembic_root)
        return ours.status

    assert both("edit", "current") == 255
    assert both("stamp", "bbbb1", "dddd1") == 0
    assert both("edit", "current") == 0
    logs = [sorted(twins.tree(root)["log"].splitlines()) for root in twins.roots]
    assert logs[0] == logs[1] and len(logs[0]) == 2


def test_templates_of_real_projects(twins: Twins, corpus: Path) -> None:
    texts = {path.read_bytes() for path in corpus.rglob("script.py.mako")}
    assert len(texts) > 5
    diamond(twins)
    for number, text in enumerate(sorted(texts)):
        if b"Create Date: ${create_date}" not in text:
            continue
        # The applications are not installed here.
        text = re.sub(rb"^(import|from) (?!alembic|sqlalchemy|typing|re\b)", rb"# \g<0>", text, flags=re.MULTILINE)
        twins.write("migrations/script.py.mako", text)
        ours, _ = twins.both("revision", "--head", "root@head", "--rev-id", f"zz{number}", "-m", "it's new")
        assert ours.status == 0, text
