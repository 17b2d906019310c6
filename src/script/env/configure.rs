use super::text::Text;

/// The arguments of one `context.configure` that matter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Configuration {
    /// That of the connection's engine; `None` offline.
    pub(super) url: Option<Text>,
    pub(super) version_table: Option<String>,
    pub(super) version_table_schema: Option<String>,
    pub(super) version_table_pk: Option<bool>,
    pub(super) transaction_per_migration: bool,
    pub(super) transactional_ddl: Option<bool>,
    pub(super) on_version_apply: bool,
}

/// Arguments that change neither the database nor the version table nor the transactions.
pub(super) const WITHOUT_EFFECT: [&str; 26] = [
    "alembic_module_prefix",
    "autogenerate_plugins",
    "compare_server_default",
    "compare_type",
    "dialect_opts",
    "include_name",
    "include_object",
    "include_schemas",
    "include_symbol",
    "literal_binds",
    "mssql_batch_separator",
    "oracle_batch_separator",
    "output_encoding",
    "process_revision_directives",
    "render_as_batch",
    "render_item",
    "sqlalchemy_module_prefix",
    "tag",
    "target_metadata",
    "template_args",
    "user_module_prefix",
    "naming_convention",
    "batch_separator",
    "compare_comments",
    "upgrade_token",
    "downgrade_token",
];
