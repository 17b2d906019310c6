"""Migrations that an installed package brings along, found without importing anything of it."""

import importlib
import subprocess
import sys

import pytest
from support.paths import ROOT
from support.projects import ENV, Project, run

sys.path.insert(0, str(ROOT / "python"))

import limbec

USERS = 'op.create_table("users", sa.Column("id", sa.Integer, primary_key=True))'
LOGGING = """
from logging.config import fileConfig

if context.config.config_file_name is not None:
    fileConfig(context.config.config_file_name)

url = """
PYPROJECT = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "bundled-shop"
version = "1.0"

[tool.setuptools.packages.find]
include = ["bundled_shop*"]

[tool.setuptools.package-data]
"*" = ["*.ini", "*.toml", "*.mako"]
"""


class Package:
    """The sources of a package in a folder of its own. Importing it fails."""

    def __init__(self, folder, name):
        self.sources, self.folder, self.name = folder, folder / name, name
        self.write("__init__.py", "raise ImportError('nobody asked for this')\n")

    def write(self, path, text):
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def add_scripts(self, directory):
        """A script directory with one revision, made as every test's."""
        made = Project(self.sources / f"made-{directory.replace('/', '-')}", "sqlite:///never.db")
        made.add("aaaa", up=USERS, undo='op.drop_table("users")')
        (self.folder / directory).parent.mkdir(parents=True, exist_ok=True)
        (made.folder / "migrations").rename(self.folder / directory)
        # As Alembic's template has it: there is a file with logging, or there is none.
        env = ENV.format(configure="").replace("\nurl = ", LOGGING)
        (self.folder / directory / "env.py").write_text(env)


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An importable package, named after the test, without migrations."""
    folder = tmp_path / "site"
    name = f"shop_{tmp_path.name}".replace("-", "_")
    made = Package(folder, name)
    monkeypatch.syspath_prepend(str(folder))
    importlib.invalidate_caches()
    yield made
    assert name not in sys.modules, "it was imported"


@pytest.fixture
def of_package(tmp_path, limbec_bin):
    """`Project.of_package` on an SQLite file."""

    def make(*arguments, **keywords):
        url = f"sqlite:///{tmp_path}/app.db"
        return limbec.Project.of_package(*arguments, **{"url": url, "binary": limbec_bin, **keywords})

    return make


@pytest.mark.parametrize("directory", ["migrations", "alembic", "db/migrations", "a/b/c"])
def test_a_bare_script_directory(package, of_package, directory):
    package.add_scripts(directory)
    migrations = of_package(package.name)
    assert not migrations.is_at_head()
    assert migrations.upgrade("head").revisions == ("aaaa",)
    assert migrations.is_at_head()
    assert of_package(package.name, directory).heads() == migrations.heads()
    assert [head.path.parent.parent for head in migrations.heads()] == [package.folder / directory]


@pytest.mark.parametrize("location", ["%(here)s/scripts", "{name}:scripts"], ids=["here", "package"])
def test_an_ini_in_the_package(package, of_package, location):
    package.add_scripts("scripts")
    logging = "[loggers]\nkeys=root\n[handlers]\nkeys=\n[formatters]\nkeys=\n[logger_root]\nlevel=WARNING\nhandlers=\n"
    package.write("alembic.ini", f"[alembic]\nscript_location = {location.format(name=package.name)}\n{logging}")
    site = {"PYTHONPATH": str(package.sources)}
    if location.startswith("%"):
        assert of_package(package.name).upgrade().revisions == ("aaaa",)
    else:
        # Of PYTHONPATH only Python knows, which imports the package to find it, as Alembic does.
        with pytest.raises(limbec.UsageError, match="is not to be found"):
            of_package(package.name, env=site).heads()
        package.write("__init__.py", "")
        assert of_package(package.name, env=site).upgrade().revisions == ("aaaa",)


def test_a_pyproject_in_the_package(package, of_package):
    package.add_scripts("scripts")
    package.write("pyproject.toml", "[tool.other]\n")
    assert of_package(package.name).heads(), "it is not about Alembic"
    package.write("pyproject.toml", '[tool.alembic]\nscript_location = "%(here)s/scripts"\n')
    assert of_package(package.name).heads()


def test_an_ini_in_a_directory_of_the_package(package, of_package):
    package.add_scripts("db/scripts")
    package.write("db/alembic.ini", "[alembic]\nscript_location = %(here)s/scripts\n")
    assert of_package(package.name).heads() == of_package(package.name, "db").heads() != ()


def test_settings_of_limbec_in_the_package(package, of_package):
    package.add_scripts("migrations")
    package.write("limbec.toml", "history = true\n")
    migrations = of_package(package.name)
    migrations.upgrade()
    assert migrations.status().revisions[0].duration is not None


def test_several_script_directories_want_a_choice(package, of_package):
    package.add_scripts("common")
    package.add_scripts("tenant/migrations")
    with pytest.raises(limbec.UsageError, match="several script directories") as caught:
        of_package(package.name)
    assert f'of_package("{package.name}", "DIRECTORY")' in caught.value.hint
    assert of_package(package.name, "tenant/migrations").heads()


def test_a_package_in_a_package(package, of_package):
    package.add_scripts("billing/migrations")
    package.write("billing/__init__.py", "raise ImportError('nobody asked for this either')\n")
    assert of_package(f"{package.name}.billing").heads()
    location = f"{package.name}.billing:migrations"
    assert limbec.Project(script_location=location, binary=of_package(package.name)._command.binary).heads()


def test_a_namespace_package_over_two_folders(tmp_path, monkeypatch, of_package):
    name = f"space_{tmp_path.name}".replace("-", "_")
    for part in ("one", "two"):
        Package(tmp_path / part, name).folder.joinpath("__init__.py").unlink()
        monkeypatch.syspath_prepend(str(tmp_path / part))
    second = Package(tmp_path / "two", name)
    (second.folder / "__init__.py").unlink()
    second.add_scripts("migrations")
    importlib.invalidate_caches()
    assert of_package(name).heads()


def test_what_is_no_package_with_migrations(package, of_package):
    for name, sentence in {
        "no_such_package": "there is no package no_such_package",
        "no_such_package.inner": "there is no package no_such_package.inner",
        "": "there is no package",
        ".relative": "there is no package",
        "__main__": "no package",
        "json.decoder": "json.decoder is no package with a directory of its own",
        "sys": "sys is no package with a directory of its own",
        package.name: "brings no migrations along",
    }.items():
        with pytest.raises(limbec.UsageError, match=sentence):
            of_package(name)
    package.add_scripts("migrations")
    with pytest.raises(limbec.UsageError, match="brings no migrations along"):
        of_package(package.name, "elsewhere")
    with pytest.raises(limbec.UsageError, match="has no directory elsewhere"):
        limbec.Project(script_location=f"{package.name}:elsewhere")


def test_a_package_that_pip_installed(installed, frameworks, tmp_path):
    """As a wheel, in a virtualenv: a bare script directory, found and migrated by the application's own Python."""
    package = Package(tmp_path / "sources", "bundled_shop")
    package.write("__init__.py", "")
    package.add_scripts("storage/migrations")
    for folder in ("storage", "storage/migrations", "storage/migrations/versions"):
        package.write(f"{folder}/__init__.py", "")
    (package.sources / "pyproject.toml").write_text(PYPROJECT)
    pip = [frameworks / "bin/python", "-m", "pip", "--python", installed, "--quiet", "install", "--no-index"]
    options = ["--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, *options, package.sources], check=True, timeout=300)
    code = f"""
import sys, limbec
migrations = limbec.Project.of_package("bundled_shop", url="sqlite:///{tmp_path}/shop.db")
print(migrations.is_at_head(), migrations.upgrade().revisions, migrations.is_at_head())
print(migrations.heads()[0].path, "bundled_shop" in sys.modules, "sqlalchemy" in sys.modules)
"""
    clean = {"VIRTUAL_ENV": "", "PATH": "/usr/bin:/bin"}
    said = run(installed, "-c", code, cwd=tmp_path, environment=clean).ok().out.splitlines()
    assert said[0] == "False ('aaaa',) True"
    assert "site-packages/bundled_shop/storage/migrations/versions/aaaa_.py False False" in said[1]


def test_a_script_location_that_is_nowhere_is_told(tmp_path, limbec_bin):
    """By the command line: in the configuration and by LIMBEC_SCRIPT_LOCATION."""
    told = "the package of 'no_such_package:migrations' is not to be found"
    given = {"LIMBEC_SCRIPT_LOCATION": "no_such_package:migrations"}
    run(limbec_bin, "heads", cwd=tmp_path, environment=given).failed(told)
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = no_such_package:migrations\n")
    run(limbec_bin, "heads", cwd=tmp_path).failed(told)


def test_a_script_location_beside_a_configuration(tmp_path, limbec_bin):
    """It wins; everything else of the ini stays."""
    one = Project(tmp_path / "one", f"sqlite:///{tmp_path}/one.db")
    one.add("aaaa", up=USERS)
    two = Project(tmp_path / "two", "sqlite:///never.db")
    two.add("bbbb", up=USERS)
    given = {"LIMBEC_SCRIPT_LOCATION": str(two.folder / "migrations")}
    assert one.run(limbec_bin, "heads").ok().out == "aaaa (head)\n"
    assert one.run(limbec_bin, "heads", **given).ok().out == "bbbb (head)\n"
    one.run(limbec_bin, "upgrade", "head", **given).ok()
    assert one.run(limbec_bin, "current", **given).ok().out == "bbbb (head)\n"
    assert (tmp_path / "one.db").exists()
