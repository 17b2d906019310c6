"""What the application has hung into SQLAlchemy's and Alembic's making of SQL.

It may ask for anything at every statement, so that what one tenant was sent proves nothing about another.
"""

import functools
import os

import alembic
import sqlalchemy
from alembic.ddl.impl import _impls
from alembic.operations import Operations
from sqlalchemy import Column, MetaData, Table
from sqlalchemy.sql.base import SchemaEventTarget
from sqlalchemy.sql.visitors import Visitable

OWN = (*(os.path.dirname(package.__file__) + os.sep for package in (sqlalchemy, alembic)), "<limbec>/", "<string>")
STANDARD = (os.path.dirname(os.__file__) + os.sep, "<frozen")


def hooks(dialect, impl):
    """What is not SQLAlchemy's, Alembic's or limbec's, and where it is."""
    found = []
    for what, function in (*compilers(), *operations(), *schema_events(), *methods(dialect, impl)):
        for place in places(function):
            if not is_known(place) and (what, place) not in found:
                found.append((what, place))
    return [{"event": what, "file": place} for what, place in found]


def is_known(place):
    """Whether it is SQLAlchemy's, Alembic's, limbec's, or the standard library's."""
    if place.startswith("<sqlalchemy generated"):
        return " wrapper for sqlalchemy." in place or " wrapper for alembic." in place
    # The second is how SQLAlchemy's compiled modules call their files.
    return place.startswith((*OWN, "lib/sqlalchemy/")) or place.startswith(STANDARD) and "site-packages" not in place


def compilers():
    """Functions of ``@compiles``."""
    for kind in subclasses(Visitable):
        dispatcher = vars(kind).get("_compiler_dispatcher")
        if dispatcher is not None and is_own(kind):
            for function in dispatcher.specs.values():
                yield f"the SQL of {kind.__name__}", function


def operations():
    """Functions of ``Operations.implementation_for``, and implementations of dialects."""
    for (kind, _), function in Operations._to_impl._registry.items():
        if is_own(kind):
            yield kind.__name__, function
    for name, kind in _impls.items():
        if not is_own(kind):
            yield f"Alembic's dialect {name}", kind


def schema_events():
    """Functions of ``event.listen`` for whole classes: Table, Column, MetaData, types."""
    for kind in subclasses(SchemaEventTarget):
        dispatch = getattr(kind, "dispatch", None)
        for name in getattr(dispatch, "_event_names", ()) if is_own(kind) else ():
            levels = getattr(getattr(dispatch, name), "_clslevel", {})
            for function in levels.get(kind, ()):
                yield f"{name} of {kind.__name__}", function


def methods(dialect, impl):
    """Functions of the classes that make SQL, which somebody may have replaced."""
    made_by = [dialect, dialect.ddl_compiler, dialect.statement_compiler, dialect.preparer, dialect.type_compiler]
    made_by += [impl, Operations, Table, Column, MetaData]
    kinds = {base for each in made_by for base in (each if isinstance(each, type) else type(each)).__mro__}
    for kind in kinds:
        for name, function in vars(kind).items():
            if hasattr(getattr(function, "__func__", function), "__code__") and kind.__module__ != "builtins":
                yield f"{kind.__name__}.{name}", function


def subclasses(kind):
    """All of them, once."""
    found, left = set(), [kind]
    while left:
        for each in type.__subclasses__(left.pop()):
            if each not in found:
                found.add(each)
                left.append(each)
    return sorted(found, key=lambda each: (len(each.__name__), each.__name__))


def is_own(kind):
    return kind.__module__.partition(".")[0] in ("sqlalchemy", "alembic")


def places(function, depth=0):
    """The files of a function and of those that it wraps."""
    function = getattr(function, "__func__", function)
    if isinstance(function, functools.partial):
        return places(function.func, depth)
    code = getattr(function, "__code__", None)
    if code is None:
        kind = function if isinstance(function, type) else type(function)
        return [f"{kind.__module__}.{kind.__qualname__}"]
    found = [code.co_filename]
    for cell in function.__closure__ or () if depth < 3 else ():
        try:
            inner = cell.cell_contents
        except ValueError:
            continue
        if hasattr(getattr(inner, "__func__", inner), "__code__"):
            found.extend(places(inner, depth + 1))
    return found
