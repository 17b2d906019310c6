"""``rehearse``: runs the steps in one transaction on env.py's own connection, watches them, and rolls back."""

import sys
import time
from contextlib import ExitStack, closing, contextmanager, redirect_stdout

from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event

from . import commands, transactions
from .refusal import RehearsalRefused
from .steps import describe_target, heads_afterwards, make_step
from .untouched import untouched

SAVEPOINT = "limbec_rehearsal"

LOCKS = """
SELECT l.relation::text, l.mode, CASE WHEN pg_catalog.pg_table_is_visible(c.oid) THEN NULL ELSE n.nspname END::text,
       c.relname::text, c.relkind::text, n.nspname IN ('pg_catalog', 'information_schema', 'pg_toast')
FROM pg_catalog.pg_locks l
LEFT JOIN pg_catalog.pg_class c ON c.oid = l.relation LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND l.granted
  AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
"""
RELATIONS = """
SELECT c.oid::text, CASE WHEN pg_catalog.pg_table_is_visible(c.oid) THEN NULL ELSE n.nspname END::text, c.relname::text,
       c.relkind::text
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
"""
SEQUENCES = "SELECT schemaname::text, sequencename::text, last_value::text FROM pg_catalog.pg_sequences"
# Tables, partitioned and foreign ones, views, sequences: no indexes, no TOAST.
SHOWN = ("r", "p", "f", "v", "m", "S")


class Over(BaseException):
    """Everything has been rehearsed. Not an Exception, so that env.py's own handlers let it pass."""


def rehearse(session, request):
    """What each statement took, told one by one; ``runs`` is how often env.py runs migrations."""
    with ExitStack() as stack:
        stack.enter_context(redirect_stdout(sys.stderr))
        stack.enter_context(untouched())

        def action(config, options):
            stage = Stage(session, request)
            with stage.set():
                script = ScriptDirectory.from_config(config)
                environment = EnvironmentContext(
                    config,
                    script,
                    fn=lambda heads, migration: stage.steps(script, migration, heads),
                    as_sql=False,
                    destination_rev=getattr(options, "revision", None),
                    tag=getattr(options, "tag", None),
                )
                with environment:
                    script.run_env()

        try:
            commands.perform(session, request, action)
        except Over:
            pass


class Stage:
    """Every run of migrations of one env.py."""

    def __init__(self, session, request):
        self.session = session
        self.limits = request["limits_ms"]
        self.runs_left = request["runs"]
        self.act = None

    @contextmanager
    def set(self):
        configure, run = EnvironmentContext.configure, MigrationContext.run_migrations
        block = MigrationContext.autocommit_block

        def rehearsing_configure(context, connection=None, *args, **options):
            if connection is None:
                raise RehearsalRefused("env.py gives Alembic no connection, so that there is nothing to roll back")
            self.act = Act(self.session, connection, self.limits)
            options["transaction_per_migration"] = False
            configure(context, connection, *args, **options)

        def run_migrations(migration, **options):
            try:
                run(migration, **options)
                self.act.finish()
            finally:
                self.act.roll_back()
            self.act.check(migration)
            self.runs_left -= 1
            if self.runs_left <= 0:
                raise Over

        EnvironmentContext.configure, MigrationContext.run_migrations = rehearsing_configure, run_migrations
        MigrationContext.autocommit_block = refuse_block
        try:
            yield
        finally:
            EnvironmentContext.configure, MigrationContext.run_migrations = configure, run
            MigrationContext.autocommit_block = block

    def steps(self, script, migration, heads):
        plan = self.session.call("plan", {"heads": list(heads), "target": describe_target(migration)})
        self.act.heads = sorted(heads)
        steps = [make_step(script, step) for step in plan["steps"]]
        for index, step in enumerate(steps):
            self.act.index = index
            self.session.call("step_started", {"index": index})
            began = time.perf_counter()
            yield step
            self.session.call("step_rehearsed", {"index": index, "seconds": time.perf_counter() - began})
        self.act.index = None


class Act:
    """One run of migrations: its transaction, and what it takes."""

    def __init__(self, session, connection, limits):
        self.session, self.connection = session, connection
        self.index, self.heads, self.began = None, [], 0.0
        self.is_postgres = connection.dialect.name == "postgresql"
        if connection.dialect.name not in ("postgresql", "sqlite"):
            raise RehearsalRefused(f"{connection.dialect.name} commits every change of the schema")
        self.sequences = {row[:2]: row[2] for row in self.ask(SEQUENCES)} if self.is_postgres else {}
        self.begin(limits)
        self.known = {row[0]: row[1:] for row in self.ask(RELATIONS)} if self.is_postgres else {}
        self.held = {lock["key"] for lock in self.locks()}
        event.listen(connection, "commit", refuse_commit)
        event.listen(connection, "before_cursor_execute", self.before)
        event.listen(connection, "after_cursor_execute", self.after)

    def begin(self, limits):
        connection = self.connection
        if not self.is_postgres:
            transactions.begin_in_earnest(connection)
        if not connection.in_transaction():
            connection.begin()
        try:
            if not self.is_postgres and not transactions.driver_in_transaction(connection):
                raise RuntimeError("no transaction was begun")
            # Outside of a transaction PostgreSQL refuses it.
            self.send(f"SAVEPOINT {SAVEPOINT}")
        except Exception as error:
            raise RehearsalRefused(
                f"env.py's connection commits every statement by itself, so that nothing could be rolled back ({error})"
            ) from error
        if self.is_postgres:
            for name, value in limits.items():
                self.send(f"SET LOCAL {name} = {int(value)}")

    def send(self, statement):
        """On the driver's own cursor, unseen by listeners."""
        with closing(self.connection.connection.cursor()) as cursor:
            cursor.execute(statement)

    def ask(self, query):
        with closing(self.connection.connection.cursor()) as cursor:
            cursor.execute(query)
            return [tuple(row) for row in cursor.fetchall()]

    def before(self, connection, cursor, statement, parameters, context, executemany):
        self.session.call("statement", {"sql": statement})
        self.began = time.perf_counter()

    def after(self, connection, cursor, statement, parameters, context, executemany):
        seconds = time.perf_counter() - self.began
        if not self.is_postgres and not transactions.driver_in_transaction(connection):
            raise RehearsalRefused("the script has ended the transaction: what came before is not rolled back")
        new = [lock for lock in self.locks() if lock["key"] not in self.held]
        self.held.update(lock["key"] for lock in new)
        if self.index is not None:
            told = {"index": self.index, "sql": statement, "seconds": seconds, "locks": new}
            self.session.call("statement_rehearsed", told)

    def locks(self):
        if not self.is_postgres:
            return []
        found = []
        for oid, mode, schema, name, kind, is_system in self.ask(LOCKS):
            is_made = oid not in self.known
            if name is None and not is_made:
                schema, name, kind = self.known[oid]  # dropped meanwhile
            if name is not None and not is_system and kind in SHOWN:
                relation = {"schema": schema, "name": name}
                found.append({"key": f"{oid} {mode}", "relation": relation, "mode": mode, "is_made": is_made})
        return found

    def finish(self):
        """What a COMMIT would check, then whether the transaction is still the one that was begun."""
        if self.is_postgres:
            self.send("SET CONSTRAINTS ALL IMMEDIATE")
        try:
            self.send(f"ROLLBACK TO SAVEPOINT {SAVEPOINT}")
        except Exception as error:
            raise RehearsalRefused(
                f"a script has ended the transaction behind SQLAlchemy's back: what came before stays ({error})"
            ) from error

    def roll_back(self):
        transaction = self.connection.get_transaction()
        if transaction is not None and transaction.is_active:
            transaction.rollback()
        self.connection.connection.rollback()

    def check(self, migration):
        """The heads are as they were, and what no rollback brings back is told."""
        heads = heads_afterwards(migration)
        after = {row[:2]: row[2] for row in self.ask(SEQUENCES)} if self.is_postgres else {}
        self.connection.connection.rollback()
        advanced = [
            {"sequence": ".".join(name), "before": value, "after": after[name]}
            for name, value in self.sequences.items()
            if name in after and after[name] != value
        ]
        self.session.call("rolled_back", {"unchanged": sorted(heads) == self.heads, "sequences": advanced})


def refuse_commit(connection):
    raise RehearsalRefused("a script commits: in a rehearsal nothing may stay")


@contextmanager
def refuse_block(migration):
    raise RehearsalRefused("a script has an autocommit block: what runs in it cannot be rolled back")
    yield
