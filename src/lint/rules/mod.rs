//! The rules, one file each.
//!
//! To add `some-pattern`: (1) write `some_pattern.rs`: `declare_rule!` with the page as its doc comment (a summary line; then
//! `## What it flags`, `## Why`, `## Example` with a Python block that fires exactly this rule, `## Use instead` with one that fires
//! nothing), `fn check`, and tests whose names end in `_err`, `_ok` and `_fix`; (2) add its `mod` line and its line in
//! [`RULES`]. Nothing else: tests fail where something is forgotten. Operations on tables that the same revision creates are
//! no findings of rules about locks and running code ([`LintContext::creates_table`]).

mod app_import_in_revision;
mod asymmetric_downgrade;
mod autogenerate_leftover;
mod blocking_rewrite;
mod broken_graph;
mod broken_sql_file;
mod check_validated_at_once;
mod colliding_heads;
mod column_dropped;
mod column_renamed;
mod commit_in_revision;
mod concurrently_in_transaction;
mod create_all_in_revision;
mod delete_without_where;
mod destructive_downgrade;
mod docstring_mismatch;
mod downgrade_loses_data;
mod drop_add_looks_like_rename;
mod drop_index_without_concurrently;
mod duplicate_revision_id;
mod enum_not_dropped;
mod enum_value_used_too_early;
mod file_name_mismatch;
mod foreign_key_validated_at_once;
mod foreign_table_drop;
mod future_timestamp;
mod identifier_too_long;
mod index_without_concurrently;
mod long_description;
mod merge_with_operations;
mod missing_depends_on;
mod missing_downgrade;
mod missing_parent;
mod no_lock_timeout;
mod non_linear_revision;
mod nonstandard_file_name;
mod not_null_without_default;
mod not_robust_outside_transaction;
mod object_renamed;
mod offline_unsafe;
mod op_at_import;
mod orm_session_in_revision;
mod orphaned_revision;
mod orphaned_sql_file;
mod placeholder_revision_id;
mod published_revision_changed;
mod published_revision_missing;
mod revision_cycle;
mod revision_id_too_long;
mod schema_dropped;
mod set_not_null;
mod settings_in_revision;
mod several_heads;
mod silent_noop_downgrade;
mod spliced_below_head;
mod suppression_without_reason;
mod table_dropped;
mod table_renamed;
#[cfg(test)]
mod tests;
mod timestamp_out_of_order;
mod truncate;
mod type_narrowed;
mod type_rewrite;
mod undefined_name;
mod unique_constraint_builds_index;
mod unmarked_irreversible;
mod unnamed_constraint;
mod unneeded_merge;
mod unordered_enum_value;
mod unreadable_revision;
mod unused_suppression;
mod update_without_where;
mod validate_in_same_transaction;
mod volatile_default;

use super::Rule;
use super::rule::declare_rule;

/// Every rule, sorted by name.
pub static RULES: &[&Rule] = &[
    &app_import_in_revision::RULE,
    &asymmetric_downgrade::RULE,
    &autogenerate_leftover::RULE,
    &blocking_rewrite::RULE,
    &broken_graph::RULE,
    &broken_sql_file::RULE,
    &check_validated_at_once::RULE,
    &colliding_heads::RULE,
    &column_dropped::RULE,
    &column_renamed::RULE,
    &commit_in_revision::RULE,
    &concurrently_in_transaction::RULE,
    &create_all_in_revision::RULE,
    &delete_without_where::RULE,
    &destructive_downgrade::RULE,
    &docstring_mismatch::RULE,
    &downgrade_loses_data::RULE,
    &drop_add_looks_like_rename::RULE,
    &drop_index_without_concurrently::RULE,
    &duplicate_revision_id::RULE,
    &enum_not_dropped::RULE,
    &enum_value_used_too_early::RULE,
    &file_name_mismatch::RULE,
    &foreign_key_validated_at_once::RULE,
    &foreign_table_drop::RULE,
    &future_timestamp::RULE,
    &identifier_too_long::RULE,
    &index_without_concurrently::RULE,
    &long_description::RULE,
    &merge_with_operations::RULE,
    &missing_depends_on::RULE,
    &missing_downgrade::RULE,
    &missing_parent::RULE,
    &no_lock_timeout::RULE,
    &non_linear_revision::RULE,
    &nonstandard_file_name::RULE,
    &not_null_without_default::RULE,
    &not_robust_outside_transaction::RULE,
    &object_renamed::RULE,
    &offline_unsafe::RULE,
    &op_at_import::RULE,
    &orm_session_in_revision::RULE,
    &orphaned_revision::RULE,
    &orphaned_sql_file::RULE,
    &placeholder_revision_id::RULE,
    &published_revision_changed::RULE,
    &published_revision_missing::RULE,
    &revision_cycle::RULE,
    &revision_id_too_long::RULE,
    &schema_dropped::RULE,
    &set_not_null::RULE,
    &settings_in_revision::RULE,
    &several_heads::RULE,
    &silent_noop_downgrade::RULE,
    &spliced_below_head::RULE,
    &suppression_without_reason::RULE,
    &table_dropped::RULE,
    &table_renamed::RULE,
    &timestamp_out_of_order::RULE,
    &truncate::RULE,
    &type_narrowed::RULE,
    &type_rewrite::RULE,
    &undefined_name::RULE,
    &unique_constraint_builds_index::RULE,
    &unmarked_irreversible::RULE,
    &unnamed_constraint::RULE,
    &unneeded_merge::RULE,
    &unordered_enum_value::RULE,
    &unreadable_revision::RULE,
    &unused_suppression::RULE,
    &update_without_where::RULE,
    &validate_in_same_transaction::RULE,
    &volatile_default::RULE,
];
