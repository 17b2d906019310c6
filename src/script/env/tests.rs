use super::*;

fn understood(source: &str) -> EnvSummary {
    read_env(source).unwrap_or_else(|reason| panic!("{reason}\n{source}"))
}

fn refused(source: &str) -> NotUnderstood {
    match read_env(source) {
        Ok(summary) => panic!("understood as {summary:?}:\n{source}"),
        Err(reason) => reason,
    }
}

/// The URL with the ini's being `ini://`, and these variables.
fn url(summary: &EnvSummary, variables: &[(&str, &str)]) -> Result<String, EnvValueError> {
    let sources = Sources {
        environment: &|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()),
        ini: &|name| (name == "sqlalchemy.url").then(|| "ini://".to_owned()),
        imported: None,
    };
    summary.resolve_url(&sources)
}

const HEAD: &str = "\
import os
from logging.config import fileConfig
from sqlalchemy import create_engine, engine_from_config, pool
from alembic import context
config = context.config
if config.config_file_name is not None:
    fileConfig(config.config_file_name)
target_metadata = None
";

const TAIL: &str = "
def run_migrations_offline() -> None:
    url = config.get_main_option(\"sqlalchemy.url\")
    context.configure(url=url, target_metadata=target_metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


def run_migrations_online() -> None:
    connectable = engine_from_config(
        config.get_section(config.config_ini_section, {}), prefix=\"sqlalchemy.\", poolclass=pool.NullPool
    )
    with connectable.connect() as connection:
        context.configure(connection=connection, target_metadata=target_metadata)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
";

/// The generic template with lines between its head and its functions.
fn template_with(lines: &str) -> String {
    format!("{HEAD}{lines}{TAIL}")
}

/// The generic template with other arguments of the online `configure`.
fn template_configured(arguments: &str) -> String {
    let from = "context.configure(connection=connection, target_metadata=target_metadata)";
    assert!(TAIL.contains(from));
    format!("{HEAD}{}", TAIL.replace(from, &format!("context.configure(connection=connection, {arguments})")))
}

/// The generic template with a part of its functions replaced.
fn template_changed(from: &str, to: &str) -> String {
    assert!(TAIL.contains(from), "{from}");
    format!("{HEAD}{}", TAIL.replace(from, to))
}

#[test]
fn stock_templates_take_the_url_from_the_ini() {
    for source in [
        include_str!("testdata/alembic_1_8_generic.py"),
        include_str!("testdata/alembic_1_8_async.py"),
        // From 1.13 (the next that was looked at after 1.8) to 1.20 they are those that limbec brings along.
        include_str!("../templates/generic/env.py"),
        include_str!("../templates/async/env.py"),
        include_str!("../templates/pyproject/env.py"),
        include_str!("../templates/pyproject_async/env.py"),
    ] {
        let summary = understood(source);
        assert_eq!(url(&summary, &[]), Ok("ini://".into()));
        assert_eq!((summary.version_table, summary.version_table_schema), (None, None));
        assert_eq!(
            (summary.transaction_per_migration, summary.on_version_apply, summary.imported),
            (false, false, None)
        );
        assert!(summary.version_table_pk);
    }
}

#[test]
fn stock_templates_for_several_databases_are_not_understood() {
    refused(include_str!("testdata/alembic_1_8_multidb.py"));
    refused(include_str!("../templates/multidb/env.py"));
}

#[test]
fn usual_additions_do_not_matter() {
    for lines in [
        "from app.models import Base\ntarget_metadata = Base.metadata\n",
        "import sys\nsys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))\nimport app.models\n",
        "import logging\nlogger = logging.getLogger('alembic')\nlogger.info('migrating %s', config.get_main_option('sqlalchemy.url'))\n",
        "def include_object(object, name, type_, reflected, compare_to):\n    return name not in ('spatial_ref_sys',)\n",
        "from app.db import load_models\nload_models()\n",
        "for name in os.listdir('app/models'):\n    __name = name\n    print(name)\n",
        "try:\n    from app import models\nexcept ImportError:\n    models = None\n",
        "x = context.get_x_argument(as_dictionary=True).get('data')\n",
        "target_metadata = [m.metadata for m in ()]\n",
        "if config.attributes.get('configure_logger', True):\n    fileConfig(config.config_file_name)\n",
        "def process_revision_directives(context, revision, directives):\n    if config.cmd_opts.autogenerate:\n        directives[:] = []\n",
        "class Comparer:\n    def __call__(self, *args):\n        return False\n",
        "NAMING = {'ix': 'ix_%(column_0_label)s'}\nfrom app.models import Base\nBase.metadata.naming_convention = NAMING\n",
    ] {
        assert_eq!(url(&understood(&template_with(lines)), &[]), Ok("ini://".into()), "{lines}");
    }
    for arguments in [
        "render_as_batch=True, compare_type=True, include_object=include_name, process_revision_directives=lambda *a: None",
        "target_metadata=target_metadata, dialect_opts={'paramstyle': 'named'}, include_schemas=True",
    ] {
        let source = template_configured(arguments)
            .replace("target_metadata = None", "def include_name(*a): return True\ntarget_metadata = None");
        understood(&source);
    }
}

#[test]
fn literal_arguments_of_configure_are_found() {
    let summary = understood(
        &template_configured(
            "version_table='app_version', version_table_schema=SCHEMA, version_table_pk=False, \
         transaction_per_migration=True, transactional_ddl=False, on_version_apply=log_it",
        )
        .replace("target_metadata = None", "target_metadata = None\nSCHEMA = 'app'\nfrom app import log_it"),
    );
    assert_eq!(summary.version_table.as_deref(), Some("app_version"));
    assert_eq!(summary.version_table_schema.as_deref(), Some("app"));
    assert_eq!((summary.version_table_pk, summary.transaction_per_migration), (false, true));
    assert_eq!((summary.transactional_ddl, summary.on_version_apply), (Some(false), true));

    let through_a_dict = template_configured("**options").replace(
        "target_metadata = None",
        "target_metadata = None\noptions = dict(version_table='v')\noptions['compare_type'] = True\noptions.update(transaction_per_migration=True)",
    );
    let summary = understood(&through_a_dict);
    assert_eq!((summary.version_table.as_deref(), summary.transaction_per_migration), (Some("v"), true));
}

#[test]
fn urls_of_the_environment_are_found() {
    for (lines, variables, expected) in [
        ("config.set_main_option('sqlalchemy.url', os.environ['DB'])", vec![("DB", "x://a")], "x://a"),
        ("config.set_main_option('sqlalchemy.url', os.environ.get('DB', 'x://b'))", vec![], "x://b"),
        (
            "config.set_main_option('sqlalchemy.url', os.getenv('DB').replace('%', '%%'))",
            vec![("DB", "x://%41")],
            "x://%41",
        ),
        (
            "from os import environ as e, getenv\nconfig.set_main_option('sqlalchemy.url', e.get('A') or getenv('B') or 'x://c')",
            vec![("B", "x://b")],
            "x://b",
        ),
        ("url = os.getenv('DB')\nif url:\n    config.set_main_option('sqlalchemy.url', url)", vec![], "ini://"),
        (
            "url = os.getenv('DB')\nif url:\n    config.set_main_option('sqlalchemy.url', url)",
            vec![("DB", "x://a")],
            "x://a",
        ),
        ("if 'DB' in os.environ:\n    config.set_main_option('sqlalchemy.url', os.environ['DB'])", vec![], "ini://"),
        (
            "def get_url():\n    user = os.getenv('U', 'me')\n    return f'x://{user}:{os.environ[\"P\"]}@h'\nconfig.set_main_option('sqlalchemy.url', get_url())",
            vec![("P", "p")],
            "x://me:p@h",
        ),
        (
            "from urllib.parse import quote_plus\nconfig.set_main_option('sqlalchemy.url', ('x://u:' + quote_plus(os.environ['P'])).replace('%', '%%'))",
            vec![("P", "a b@")],
            "x://u:a+b%40",
        ),
        (
            "def get_url():\n    if os.getenv('A'):\n        return os.environ['A']\n    elif os.getenv('B'):\n        return os.environ['B']\n    return 'x://c'\nconfig.set_main_option('sqlalchemy.url', get_url())",
            vec![("B", "x://b")],
            "x://b",
        ),
        (
            "url = os.environ['A'] if os.getenv('A') else 'x://c'\nconfig.set_main_option('sqlalchemy.url', url)",
            vec![],
            "x://c",
        ),
        (
            "config.set_section_option(config.config_ini_section, 'sqlalchemy.url', os.environ['DB'])",
            vec![("DB", "x://a")],
            "x://a",
        ),
        (
            "url = os.environ.get('DB')\nif not url:\n    raise RuntimeError('DB is not set')\nconfig.set_main_option('sqlalchemy.url', url)",
            vec![("DB", "x://a")],
            "x://a",
        ),
        (
            "url = os.environ['DB']\nif url.startswith('postgres://'):\n    url = url.replace('postgres://', 'postgresql://', 1)\nconfig.set_main_option('sqlalchemy.url', url)",
            vec![("DB", "postgres://h/postgres://")],
            "postgresql://h/postgres://",
        ),
        (
            "if os.getenv('ENV') == 'test':\n    config.set_main_option('sqlalchemy.url', 'x://t')",
            vec![("ENV", "test")],
            "x://t",
        ),
        (
            "if os.getenv('ENV', 'dev') != 'test':\n    config.set_main_option('sqlalchemy.url', 'x://t')",
            vec![("ENV", "test")],
            "ini://",
        ),
        (
            "url = os.environ['DB']\nif '+asyncpg' in url:\n    url = url.replace('+asyncpg', '')\nconfig.set_main_option('sqlalchemy.url', url)",
            vec![("DB", "p+asyncpg://h")],
            "p://h",
        ),
    ] {
        let summary = understood(&template_with(&format!("{lines}\n")));
        assert_eq!(url(&summary, &variables).as_deref(), Ok(expected), "{lines}");
    }
    let get_url = "configuration = config.get_section(config.config_ini_section)\n    configuration[\"sqlalchemy.url\"] = os.environ['DB']\n    connectable = engine_from_config(\n        configuration, ";
    let source = template_changed(
        "connectable = engine_from_config(\n        config.get_section(config.config_ini_section, {}), ",
        get_url,
    );
    assert_eq!(url(&understood(&source), &[("DB", "x://a")]).as_deref(), Ok("x://a"));
    let source = template_changed(
        "connectable = engine_from_config(\n        config.get_section(config.config_ini_section, {}), prefix=\"sqlalchemy.\", poolclass=pool.NullPool\n    )",
        "connectable = create_engine(os.environ['DB'], poolclass=pool.NullPool)",
    );
    assert_eq!(url(&understood(&source), &[("DB", "x://a")]).as_deref(), Ok("x://a"));
}

#[test]
fn what_is_missing_at_run_time_is_told() {
    let source = template_with("config.set_main_option('sqlalchemy.url', os.environ['DB'])\n");
    let error = url(&understood(&source), &[]).expect_err("no variable");
    assert_eq!(error.to_string(), "env.py needs the environment variable DB, which is not set");
    let with_app = source
        .replace("import os\n", "import os\nfrom app.models import Base\n")
        .replace("os.environ['DB']", "os.getenv('DB', 'x://')");
    let error = url(&understood(&with_app), &[]).expect_err("the application may read .env");
    assert!(error.to_string().contains("app.models"), "{error}");
    assert_eq!(url(&understood(&with_app), &[("DB", "x://a")]).as_deref(), Ok("x://a"));
    let percent = url(&understood(&source), &[("DB", "x://u:%41@h")]).expect_err("Alembic refuses it");
    assert!(percent.to_string().contains('%'), "{percent}");
    let raising = template_with("if not os.getenv('DB'):\n    raise SystemExit(1)\n");
    assert_eq!(url(&understood(&raising), &[]), Err(EnvValueError::Raises(9)));
}

#[test]
fn whatever_hides_the_url_is_refused_with_line_and_reason() {
    for (lines, line, words) in [
        (
            "from app.settings import settings\nconfig.set_main_option('sqlalchemy.url', str(settings.DATABASE_URL))",
            10,
            "settings.DATABASE_URL",
        ),
        ("from app import config", 19, "config"),
        ("from app.models import *", 28, "import *"),
        ("from app import setup\nsetup(config)", 10, "config is handed to app.setup"),
        ("from app import setup\nsetup([context])", 10, "alembic.context"),
        (
            "x = context.get_x_argument(as_dictionary=True)\nif x.get('url'):\n    config.set_main_option('sqlalchemy.url', x['url'])",
            11,
            "x['url'] is there",
        ),
        ("url = config.attributes.get('url')\nconfig.set_main_option('sqlalchemy.url', url)", 9, "config.attributes"),
        ("os.environ['DB'] = 'x://y'\nconfig.set_main_option('sqlalchemy.url', os.environ['DB'])", 10, "os.environ"),
        (
            "from dotenv import load_dotenv\nload_dotenv(override=True)\nconfig.set_main_option('sqlalchemy.url', os.environ['DB'])",
            11,
            "os.environ",
        ),
        ("config.set_main_option('DB_USER', os.environ['U'])", 20, "db_user"),
        ("for url in ['a', 'b']:\n    config.set_main_option('sqlalchemy.url', url)", 9, "loop"),
        ("exec(open('other.py').read())", 9, "exec"),
        ("config.file_config.set('alembic', 'sqlalchemy.url', 'x')", 9, "file_config"),
        ("context.config = None", 9, "assigns"),
        (
            "from sqlalchemy import event\nfrom sqlalchemy.engine import Engine\n@event.listens_for(Engine, 'connect')\ndef go(c, r):\n    c.execute('SET search_path TO x')",
            11,
            "events",
        ),
        ("import random\nif random.random() > 0.5:\n    raise ValueError", 10, "raises"),
        (
            "class Setup:\n    def go(self):\n        config.set_main_option('sqlalchemy.url', 'x')\nSetup().go()",
            12,
            "class Setup",
        ),
    ] {
        let reason = refused(&template_with(&format!("{lines}\n")));
        assert!(reason.to_string().contains(words), "{lines}\n{reason}");
        assert_eq!(
            reason.line, line,
            "{lines}
{reason}"
        );
    }
}

#[test]
fn what_may_raise_an_error_unseen_is_refused() {
    for (lines, words) in [
        ("assert context.get_x_argument(as_dictionary=True).get('tenant') != 't1'", "raises an error"),
        ("from app import ready\nassert ready()", "raises an error"),
        ("context.get_x_argument(as_dictionary=True)['tenant']", "['tenant'] is there"),
        ("engine = config.attributes['engine']", "is there"),
        ("from app import limit\nint(limit)", "int()"),
        ("for name in ('A', 'B'):\n    os.environ[name]", "os.environ[name] is there"),
        ("[os.environ[name] for name in ('A', 'B')]", "os.environ[name] is there"),
        ("[open('/nonexistent') for _ in (1,)]", "open('/nonexistent')"),
        ("{name: next(name) for name in ()}", "next(name)"),
        ("{}['no']", "{}['no'] is not there"),
        ("del nosuch", "nosuch"),
        ("import sys\nos.environ.get('ALLOW') or sys.exit(3)", "sys.exit"),
        ("import sys\nx: int = sys.exit(3)", "sys.exit"),
        ("def go(x=open('/nonexistent')):\n    pass", "open("),
        ("class A:\n    assert context.get_x_argument()", "raises an error"),
        ("class A(object, metaclass=nosuch):\n    pass", "nosuch"),
    ] {
        let reason = refused(&template_with(&format!("{lines}\n")));
        assert!(reason.to_string().contains(words), "{lines}\n{reason}");
    }
}

#[test]
fn errors_that_depend_on_the_environment_are_told_when_it_is_known() {
    for (lines, fine, wrong) in [
        ("assert os.environ.get('ALLOW')", vec![("ALLOW", "1")], vec![]),
        ("os.environ['MUST_BE_SET']", vec![("MUST_BE_SET", "")], vec![]),
        ("int(os.environ.get('ALLOW', 'no'))", vec![("ALLOW", "-5")], vec![]),
        ("int(os.environ.get('ALLOW', '5'))", vec![], vec![("ALLOW", "5x")]),
        ("os.getenv('STAGE').lower()", vec![("STAGE", "x")], vec![]),
        ("del os.environ['GONE']", vec![("GONE", "x")], vec![]),
        ("class A:\n    stage = os.environ['STAGE']", vec![("STAGE", "x")], vec![]),
        ("if 'A' in os.environ:\n    os.environ['B']", vec![], vec![("A", "")]),
        ("os.environ.get('A') or os.environ['B']", vec![("A", "x")], vec![("A", "")]),
        ("os.environ.get('A') and os.environ['B']", vec![("A", "")], vec![("A", "x")]),
        ("x = os.environ['B'] if os.getenv('A') else None", vec![], vec![("A", "x")]),
        ("import sys\nif not os.getenv('A'):\n    sys.exit(2)", vec![("A", "x")], vec![]),
    ] {
        let summary = understood(&template_with(&format!("{lines}\n")));
        assert_eq!(url(&summary, &fine).as_deref(), Ok("ini://"), "{lines}");
        assert!(url(&summary, &wrong).is_err(), "{lines}");
    }
}

#[test]
fn the_body_of_a_class_is_run() {
    let summary = understood(&template_with("class A:\n    os.environ['PGOPTIONS'] = '-csearch_path=app'\n"));
    assert!(summary.changes_environment);
    let usual = "from typing import Any\nfrom app import Base\nclass Model(Base):\n    'Text.'\n    __tablename__ = 'm'\n    size: int = 3\n    other: Any\n    @property\n    def x(self):\n        return self.size\n";
    assert!(!understood(&template_with(usual)).changes_environment);
}

#[test]
fn whatever_changes_the_run_is_refused() {
    let configure = "context.configure(connection=connection, target_metadata=target_metadata)";
    for (from, to, words) in [
        (
            configure,
            "connection.execute('SET search_path TO x')\n        context.configure(connection=connection)",
            "executes statements",
        ),
        (
            configure,
            "context.configure(connection=connection)\n        context.configure(connection=connection)",
            "more than once",
        ),
        (configure, "context.configure(connection=connection, version_table=os.environ['T'])", "version_table"),
        (configure, "context.configure(connection=connection, starting_rev='x')", "starting_rev"),
        (configure, "context.configure(connection=connection, **opts())", "opts"),
        (
            "connectable.connect()",
            "connectable.connect().execution_options(schema_translate_map={})",
            "execution_options",
        ),
        ("poolclass=pool.NullPool", "connect_args={'options': '-csearch_path=x'}", "connect_args"),
        (
            "        with context.begin_transaction():\n            context.run_migrations()\n\n\nif",
            "        for s in range(2):\n            context.run_migrations()\n\n\nif",
            "loop",
        ),
        (
            "            context.run_migrations()\n\n\nif",
            "            context.execute('SET search_path TO x')\n            context.run_migrations()\n\n\nif",
            "context.execute",
        ),
        (
            "with connectable.connect() as connection:",
            "from app import db\n    with db.connect() as connection:",
            "db.connect",
        ),
        ("    run_migrations_online()\n", "    from app import run\n    run(run_migrations_online)\n", "handed"),
        ("    run_migrations_online()\n", "    pass\n", "does not call context.configure"),
        ("def run_migrations_online", "@retry\ndef run_migrations_online", "retry"),
    ] {
        let reason = refused(&template_changed(from, to));
        assert!(reason.to_string().contains(words), "{to}\n{reason}");
    }
}

#[test]
fn broken_python_is_a_reason_and_no_panic() {
    let reason = refused("import os\nif True\n    pass\n");
    assert_eq!(reason.line, 2);
    refused("");
    refused("from alembic import context\ndef f():\n    f()\nf()\n");
}

/// Lines of `run_migrations_online` between its engine and its connection.
fn with_listener(event: &str, body: &str) -> String {
    let listener = format!(
        "    @event.listens_for(connectable, '{event}')\n    def listener(connection, record=None):\n{body}\n\n    with connectable"
    );
    let source = format!("from sqlalchemy import event\n{HEAD}{TAIL}");
    source.replacen("    with connectable", &listener, 1)
}

#[test]
fn the_recipe_for_transactional_ddl_on_sqlite_is_harmless() {
    for (event, body) in [
        ("connect", "        connection.isolation_level = None"),
        ("begin", "        connection.exec_driver_sql('BEGIN IMMEDIATE')"),
        (
            "connect",
            "        cursor = connection.cursor()\n        cursor.execute('PRAGMA foreign_keys=ON')\n        cursor.close()",
        ),
    ] {
        assert_eq!(url(&understood(&with_listener(event, body)), &[]).unwrap(), "ini://", "{body}");
    }
}

#[test]
fn a_listener_that_may_lead_elsewhere_is_not() {
    for (event, body) in [
        ("connect", "        connection.exec_driver_sql('SET search_path TO tenant')"),
        ("begin", "        connection.exec_driver_sql('BEGIN; SET search_path TO tenant')"),
        ("begin", "        connection.exec_driver_sql(SQL)"),
        ("do_connect", "        pass"),
        ("connect", "        prepare(connection)"),
    ] {
        assert!(refused(&with_listener(event, body)).reason.contains("events of SQLAlchemy"), "{body}");
    }
}

#[test]
fn monstrous_files_end_soon() {
    let doubled = "u = os.getenv('A')\n".to_owned() + &"u += u\n".repeat(60);
    refused(&template_with(&format!("{doubled}config.set_main_option('sqlalchemy.url', u)\n")));
    let chosen = "u = os.getenv('A')\n".to_owned() + &"if u:\n    u = u + 'x'\n".repeat(40);
    refused(&template_with(&format!("{chosen}config.set_main_option('sqlalchemy.url', u)\n")));
    let nested = format!("u = {}'x'{}\n", "str(".repeat(400), ")".repeat(400));
    refused(&template_with(&nested));
    let returning = "def go():\n".to_owned()
        + &"    if os.getenv('A'):\n        return 'x'\n".repeat(30)
        + "    return 'y'\ngo()\n";
    understood(&template_with(&returning));
    let twice = "def go():\n".to_owned()
        + &"    if os.getenv('A'):\n        if os.getenv('B'):\n            return 'x'\n".repeat(30)
        + "    return 'y'\ngo()\n";
    refused(&template_with(&twice));
}
