//! Names whose values are the same in every run: what is not in these lists is not proven.

/// Roots of modules that are not followed: what of them may be used is in lists here.
pub(super) const KNOWN: &[&str] = &[
    "__future__",
    "alembic",
    "sqlalchemy",
    "sqlmodel",
    "pgvector",
    "typing",
    "typing_extensions",
    "collections",
    "abc",
    "enum",
    "textwrap",
    "string",
    "datetime",
    "decimal",
    "itertools",
    "functools",
    "json",
    "re",
    "math",
    "uuid",
    "logging",
    "os",
    "sys",
    "time",
    "random",
    "pathlib",
    "warnings",
    "contextlib",
    "operator",
    "copy",
    "dataclasses",
    "hashlib",
    "secrets",
    "pprint",
    "traceback",
    "types",
    "zoneinfo",
];

/// Operations of Alembic that send statements and read nothing, of `op` and of what `op.batch_alter_table` gives alike.
const TABLE_OPERATIONS: &[&str] = &[
    "add_column",
    "drop_column",
    "alter_column",
    "create_index",
    "drop_index",
    "create_foreign_key",
    "create_unique_constraint",
    "create_check_constraint",
    "create_primary_key",
    "create_exclude_constraint",
    "drop_constraint",
    "create_table_comment",
    "drop_table_comment",
    "f",
];

/// Those of `op` alone.
const OPERATIONS: &[&str] =
    &["create_table", "drop_table", "rename_table", "execute", "bulk_insert", "batch_alter_table", "inline_literal"];

/// Whether a function of `op` sends statements and reads nothing.
pub(super) fn is_operation(name: &str) -> bool {
    OPERATIONS.contains(&name) || is_batch_operation(name)
}

/// The same of the object that `op.batch_alter_table` gives.
pub(super) fn is_batch_operation(name: &str) -> bool {
    TABLE_OPERATIONS.contains(&name)
}

/// Methods of texts, lists, dictionaries and types, which are pure.
pub(super) const METHODS: &[&str] = &[
    // str
    "format",
    "join",
    "strip",
    "lstrip",
    "rstrip",
    "lower",
    "upper",
    "title",
    "capitalize",
    "replace",
    "split",
    "splitlines",
    "startswith",
    "endswith",
    "removeprefix",
    "removesuffix",
    "zfill",
    "encode",
    // list, dict
    "append",
    "extend",
    "items",
    "keys",
    "get",
    "copy",
    "index",
    "count",
    "setdefault",
    "sort",
    "reverse",
    "pop",
    // types, dates
    "with_variant",
    "type_descriptor",
    "isoformat",
    "astimezone",
    // logging
    "info",
    "debug",
    "warning",
];

/// Methods of SQLAlchemy's statements and expressions (lists and dictionaries have some of the same name), which are pure: where one is called,
/// values may be sent.
pub(super) const EXPRESSION_METHODS: &[&str] = &[
    "insert",
    "update",
    "values",
    "where",
    "delete",
    "select",
    "select_from",
    "from_select",
    "filter",
    "and_",
    "or_",
    "in_",
    "not_in",
    "notin_",
    "is_",
    "isnot",
    "is_not",
    "is_distinct_from",
    "like",
    "ilike",
    "not_like",
    "notlike",
    "between",
    "contains",
    "label",
    "desc",
    "asc",
    "nulls_last",
    "nulls_first",
    "cast",
    "op",
    "concat",
    "as_string",
    "astext",
    "bindparams",
    "columns",
    "alias",
    "subquery",
    "scalar_subquery",
    "as_scalar",
    "exists",
    "correlate",
    "correlate_except",
    "order_by",
    "group_by",
    "having",
    "limit",
    "offset",
    "distinct",
    "outerjoin",
    "union",
    "union_all",
    "on_conflict_do_nothing",
    "on_conflict_do_update",
    "self_group",
    "collate",
    "params",
    "cte",
    "over",
    "within_group",
    "filter_by",
    "any_",
    "all_",
];

/// Functions of SQLAlchemy by which no value reaches a type; those with a capital letter are types and parts of the schema.
pub(super) const WITHOUT_VALUES: &[&str] =
    &["text", "func", "true", "false", "null", "dialects", "types", "sql", "schema", "sqltypes"];

/// Classes of SQLAlchemy by which values reach types.
pub(super) const WITH_VALUES: &[&str] =
    &["BindParameter", "Case", "Cast", "Delete", "Insert", "Select", "TypeCoerce", "Update"];

/// Methods of a type by which a value becomes a parameter or a literal.
pub(super) const BINDING_METHODS: &[&str] = &[
    "process_bind_param",
    "process_literal_param",
    "bind_processor",
    "literal_processor",
    "bind_expression",
    "coerce_compared_value",
];

/// Methods of a type that take no part in what is sent.
pub(super) const READING_METHODS: &[&str] =
    &["process_result_value", "result_processor", "column_expression", "python_type"];

/// Builtins that are pure; `print` tells nobody but the log.
pub(super) const BUILTINS: &[&str] = &[
    "None",
    "True",
    "False",
    "str",
    "int",
    "bool",
    "float",
    "bytes",
    "len",
    "range",
    "list",
    "dict",
    "tuple",
    "sorted",
    "reversed",
    "enumerate",
    "zip",
    "map",
    "filter",
    "any",
    "all",
    "min",
    "max",
    "sum",
    "abs",
    "round",
    "isinstance",
    "issubclass",
    "hasattr",
    "repr",
    "print",
    "type",
    "object",
    "NotImplementedError",
    "Exception",
    "ValueError",
    "RuntimeError",
    "AssertionError",
    "TypeError",
    "KeyError",
    "NotImplemented",
    "__name__",
];

/// Parts of `sqlalchemy.…` that reach a database, listen to one, or make code of the project's run later.
pub(super) const SQLALCHEMY_DENIED: &[&str] = &[
    "inspect",
    "inspection",
    "create_engine",
    "engine_from_config",
    "create_mock_engine",
    "create_pool_from_url",
    "create_async_engine",
    "make_url",
    "engine",
    "event",
    "events",
    "orm",
    "ext",
    "pool",
    "testing",
    "util",
    "TypeDecorator",
    "UserDefinedType",
    "DDL",
    "ExecutableDDLElement",
    "log",
    "future",
    "reflection",
    "Inspector",
];

/// What of other modules may be used; a dot at the end stands for everything in it.
pub(super) const PURE: &[&str] = &[
    "typing.",
    "typing_extensions.",
    "collections.abc.",
    "__future__.",
    "collections.OrderedDict",
    "collections.defaultdict",
    "collections.namedtuple",
    "textwrap.dedent",
    "textwrap.indent",
    "enum.",
    "abc.ABC",
    "string.",
    "decimal.Decimal",
    "itertools.",
    "functools.reduce",
    "json.dumps",
    "json.loads",
    "re.",
    "math.",
    "uuid.UUID",
    "datetime.date",
    "datetime.datetime",
    "datetime.timedelta",
    "datetime.timezone",
    "datetime.timezone.utc",
    "datetime.date.fromisoformat",
    "datetime.datetime.fromisoformat",
    "operator.",
    "logging.getLogger",
    "logging.INFO",
    "logging.WARNING",
    "sqlmodel.AutoString",
    "sqlmodel.sql.sqltypes.",
    "pgvector.sqlalchemy.",
    "logging.Logger",
    "zoneinfo.ZoneInfo",
];

/// Keywords that read the database, or take Alembic's way through it out of sight.
pub(super) const KEYWORDS_DENIED: &[&str] = &[
    "autoload",
    "autoload_with",
    "autoload_replace",
    "bind",
    "checkfirst",
    "listeners",
    "copy_from",
    "reflect_args",
    "reflect_kwargs",
    "execution_options",
    "engine",
    "connection",
];
