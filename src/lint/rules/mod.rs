//! The rules, one file each.
//!
//! To add `some-pattern`: (1) write `some_pattern.rs`: `declare_rule!` with the page as its doc comment (a summary line; then
//! `## What it flags`, `## Why`, `## Example` with a Python block that fires exactly this rule, `## Use instead` with one that fires
//! nothing), `fn check`, and tests whose names end in `_err`, `_ok` and `_fix`; (2) add its `mod` line and its line in
//! [`RULES`]. Nothing else: tests fail where something is forgotten. Operations on tables that the same revision creates are
//! no findings of rules about locks and running code ([`LintContext::creates_table`]).

mod index_without_concurrently;
#[cfg(test)]
mod tests;
mod unreadable_revision;

use super::Rule;
use super::rule::declare_rule;

/// Every rule, sorted by name.
pub static RULES: &[&Rule] = &[&index_without_concurrently::RULE, &unreadable_revision::RULE];
