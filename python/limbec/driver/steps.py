"""The steps of a run: planned by limbec, executed by Alembic."""

import time
from contextlib import contextmanager, nullcontext

from alembic import context
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, RevisionStep, StampStep
from alembic.script import ScriptDirectory
from sqlalchemy import text

from .commits import CommitWatch
from .limits import limited
from .locks import NamedLocks
from .sql_files import numbered
from .tenants import check_schema

PLANNED = ("upgrade", "downgrade", "stamp")


@contextmanager
def planned_elsewhere(session):
    """While it lasts, Alembic's upgrade, downgrade and stamp run what limbec plans, whatever their target."""

    def steps(script, destination, heads):
        return planned_steps(session, script, heads, locks)

    names = [f"_{command}_revs" for command in PLANNED]
    originals = {name: getattr(ScriptDirectory, name) for name in names}
    run_migrations = MigrationContext.run_migrations
    locks = NamedLocks(session)
    for name in names:
        setattr(ScriptDirectory, name, steps)
    MigrationContext.run_migrations = begun_with_limbec(session, locks, run_migrations)
    try:
        yield
    finally:
        MigrationContext.run_migrations = run_migrations
        for name, original in originals.items():
            setattr(ScriptDirectory, name, original)
        locks.release()


def begun_with_limbec(session, locks, original):
    """``run_migrations`` that lets limbec take its lock before the heads are read."""

    def run_migrations(self, **options):
        if self.as_sql:
            original(self, **options)
            return
        check_schema(self.connection, session.tenant_schema)
        preparation = session.call("begin", {"target": describe_target(self)}) or {}
        session.fresh_steps = preparation.get("fresh_steps", False)
        if session.recorder is not None:
            session.recorder.watch(self)
        locks.take(self.connection.engine, preparation.get("named_lock"))
        with limited(self.connection, preparation), watched(session, self, preparation):
            original(self, **options)

    return run_migrations


@contextmanager
def watched(session, migration, preparation):
    """While it lasts, limbec is told of a step that is committed in part, if it wants to know."""
    if not preparation.get("watch_commits"):
        yield
        return
    session.watch = CommitWatch(session, migration)
    try:
        with session.watch.listening():
            yield
    finally:
        session.watch = None


def run_environment(session, config):
    """Runs env.py for a command that Alembic has no plan for (`current`, say): limbec's plan may well be empty."""
    script = ScriptDirectory.from_config(config)
    with EnvironmentContext(
        config, script, fn=lambda heads, _: planned_steps(session, script, heads, NamedLocks(session))
    ):
        script.run_env()


def planned_steps(session, script, heads, locks):
    """Alembic's step objects in limbec's order, with word of each to limbec; called for each run_migrations()."""
    migration = context.get_context()
    plan = session.call("plan", {"heads": list(heads), "target": describe_target(migration)})
    # All modules first: a file that cannot be imported has to stop the run before anything has run.
    steps = [make_step(script, step, session.fresh_steps) for step in plan["steps"]]
    for index, (step, planned) in enumerate(zip(steps, plan["steps"])):
        if planned.get("sql") is not None and not migration.as_sql:
            step.migration_fn = numbered(session, migration, index, step, planned["sql"])
        locks.check()
        if session.fresh_steps:
            # What SQLAlchemy's enum types leave there: one that was created is not created again in the same run.
            migration.impl.memo.clear()
        session.call("step_started", {"index": index})
        if session.watch is not None:
            session.watch.step_began(index)
        began = time.perf_counter()
        with recorded(session, step, index), applied_with_limbec(session, migration, index, began):
            yield step
        session.call("step_finished", {"index": index, "seconds": time.perf_counter() - began})
    if session.recorder is not None:
        session.recorder.look_around(migration)
    session.call("finished", {"heads": None if migration.as_sql else heads_afterwards(migration)})


def recorded(session, step, index):
    """While it lasts, what the step sends is heard, if limbec wants to know."""
    return nullcontext() if session.recorder is None else session.recorder.step(session, step, index)


@contextmanager
def applied_with_limbec(session, migration, index, began):
    """While it lasts, limbec's statements follow the change of the version table, in its transaction."""
    callbacks = migration.on_version_apply_callbacks

    def applied(ctx, **_):
        seconds = time.perf_counter() - began
        if session.watch is not None:
            session.watch.step_applied()
        for statement in session.call("step_applied", {"index": index, "seconds": seconds}) or ():
            result = ctx.connection.execute(text(statement["sql"]), statement["parameters"])
            if statement.get("needs_row") and result.first() is None:
                session.call("step_unproven", {"index": index})

    if not migration.as_sql:
        migration.on_version_apply_callbacks = (*callbacks, applied)
    try:
        yield
    finally:
        migration.on_version_apply_callbacks = callbacks


def make_step(script, step, is_fresh=False):
    stamp = step.get("stamp")
    if stamp is not None:
        moved = (tuple(stamp["from"]), tuple(stamp["to"]), stamp["is_upgrade"], stamp["branch_move"])
        return StampStep(*moved, script.revision_map)
    revision = script.get_revision(step["revision"])
    if is_fresh and hasattr(revision, "afresh"):
        revision = revision.afresh()
    if not hasattr(revision.module, step["direction"]):
        raise AttributeError(f"{revision.path} has no function {step['direction']}()")
    return RevisionStep(script.revision_map, revision, step["direction"] == "upgrade")


def heads_afterwards(migration):
    """The version table as it is now; the transaction that SQLAlchemy begins for a mere SELECT is not left behind."""
    connection = migration.connection
    before = connection.in_transaction()
    heads = list(migration.get_current_heads())
    if not before and connection.in_transaction():
        connection.rollback()
    return heads


def describe_target(migration):
    """What this run_migrations() works on, for limbec's own use of the same database."""
    connection = None if migration.as_sql else migration.connection
    url = None if connection is None else connection.engine.url.render_as_string(hide_password=False)
    return {
        "url": url,
        "dialect": migration.dialect.name,
        "driver": getattr(migration.dialect, "driver", None),
        "version_table": migration.version_table,
        "version_table_schema": migration.version_table_schema,
        "version_table_pk": bool(migration.opts.get("version_table_pk", True)),
        "on_version_apply": bool(migration.on_version_apply_callbacks),
        "transactional_ddl": bool(migration.impl.transactional_ddl),
        "transaction_per_migration": bool(migration._transaction_per_migration),
        "in_transaction": bool(migration._in_external_transaction),
        "offline": bool(migration.as_sql),
    }
