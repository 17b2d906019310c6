//! The rules, one file each.
//!
//! To add `some-pattern`: (1) write `some_pattern.rs`: `declare_rule!` with the page as its doc comment (a summary line; then
//! `## What it flags`, `## Why`, `## Example` with a Python block that fires exactly this rule, `## Use instead` with one that fires
//! nothing), `fn check`, and tests whose names end in `_err`, `_ok` and `_fix`; (2) add its `mod` line and its line in
//! [`RULES`]. Nothing else: tests fail where something is forgotten. Operations on tables that the same revision creates are
//! no findings of rules about locks and running code ([`LintContext::creates_table`]).

mod autogenerate_leftover;
mod docstring_mismatch;
mod duplicate_revision_id;
mod file_name_mismatch;
mod future_timestamp;
mod index_without_concurrently;
mod long_description;
mod nonstandard_file_name;
mod placeholder_revision_id;
mod revision_id_too_long;
#[cfg(test)]
mod tests;
mod timestamp_out_of_order;
mod unreadable_revision;

use super::Rule;
use super::rule::declare_rule;

/// Every rule, sorted by name.
pub static RULES: &[&Rule] = &[
    &autogenerate_leftover::RULE,
    &docstring_mismatch::RULE,
    &duplicate_revision_id::RULE,
    &file_name_mismatch::RULE,
    &future_timestamp::RULE,
    &index_without_concurrently::RULE,
    &long_description::RULE,
    &nonstandard_file_name::RULE,
    &placeholder_revision_id::RULE,
    &revision_id_too_long::RULE,
    &timestamp_out_of_order::RULE,
    &unreadable_revision::RULE,
];
