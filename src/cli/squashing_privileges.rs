//! What a squash does with privileges: never lost without a word.

use std::collections::BTreeSet;

use serde::Serialize;

use super::commands::squash::SquashArgs;
use super::context::CommandContext;
use super::error::CommandError;
use super::published::shown;
use super::render::path_text;
use super::testing_grounds::TestDialect;
use crate::squash::{PrivilegeStatement, SquashPlan, privilege_statements};
use crate::verify::RevisionFiles;

/// More of them are counted.
const MOST: usize = 10;

/// What the squashed revisions say about privileges, owners and roles.
#[derive(Debug, Default)]
pub(crate) struct Privileges {
    statements: Vec<PrivilegeStatement>,
    /// The statements of the finished schema that are in the baseline.
    pub(super) kept: Vec<String>,
    is_with: bool,
}

/// See docs/json.md.
#[derive(Debug, Serialize)]
pub(crate) struct PrivilegesJson {
    is_included: bool,
    statements: Vec<PlaceJson>,
}

#[derive(Debug, Serialize)]
struct PlaceJson {
    statement: &'static str,
    path: String,
    line: usize,
    is_included: bool,
}

impl Privileges {
    /// Reads them. SQLite has none.
    pub(super) fn of(files: &RevisionFiles, plan: &SquashPlan, dialect: TestDialect) -> Self {
        if dialect == TestDialect::Sqlite {
            return Self::default();
        }
        let revisions = plan.squashed.iter().chain([&plan.revision]).filter_map(|index| files.get(*index));
        let statements =
            revisions.flat_map(|read| privilege_statements(&read.file, &read.operations.upgrade)).collect();
        Self { statements, ..Self::default() }
    }

    /// Refuses where nobody has said what is to become of them.
    ///
    /// # Errors
    /// Nobody has.
    pub(super) fn check_decided(&self, context: &CommandContext, args: &SquashArgs) -> Result<(), CommandError> {
        if self.statements.is_empty() || args.with_privileges || args.without_privileges {
            return Ok(());
        }
        Err(undecided(self.statements.iter().map(|statement| place(statement, context)).collect()))
    }

    /// The statements by which the finished schema has its privileges: what the texts of the revisions do not show is seen there.
    ///
    /// # Errors
    /// There are some, and nobody has said what is to become of them.
    pub(super) fn found(
        &mut self,
        context: &CommandContext,
        args: &SquashArgs,
        statements: Vec<String>,
    ) -> Result<(), CommandError> {
        self.check_decided(context, args)?;
        if !statements.is_empty() && !args.with_privileges && !args.without_privileges {
            return Err(undecided(statements));
        }
        self.is_with = args.with_privileges;
        if args.with_privileges {
            self.kept = statements;
        }
        Ok(())
    }

    /// Whether the baseline gives and takes what the history does.
    ///
    /// # Errors
    /// It does not.
    pub(super) fn compare(&self, baseline: Vec<String>) -> Result<(), CommandError> {
        if !self.is_with {
            return Ok(());
        }
        let wanted: BTreeSet<&String> = self.kept.iter().collect();
        let made: BTreeSet<&String> = baseline.iter().collect();
        match wanted.symmetric_difference(&made).next() {
            None => Ok(()),
            Some(odd) => Err(CommandError::crashed("the baseline does not give the privileges that the history gives")
                .caused_by((*odd).clone())
                .hint("nothing was written; `--without-privileges` leaves them out")),
        }
    }

    /// What is told of them.
    pub(crate) fn tell(&self, context: &mut CommandContext) {
        if self.is_with {
            context.ui.status(&format!("privileges: {} statements in the baseline", self.kept.len()));
        }
        let lost: Vec<String> = self
            .statements
            .iter()
            .filter(|statement| !(self.is_with && statement.is_kept))
            .map(|statement| place(statement, context))
            .collect();
        if !lost.is_empty() {
            context.ui.warning(&format!("the baseline does not have: {}", listed(lost)));
        } else if self.is_with && self.kept.is_empty() && !self.statements.is_empty() {
            let places = self.statements.iter().map(|statement| place(statement, context)).collect();
            context.ui.warning(&format!("nothing of this is in effect where the history was run: {}", listed(places)));
        }
    }

    /// The same for programs.
    pub(crate) fn json(&self) -> PrivilegesJson {
        let place = |statement: &PrivilegeStatement| PlaceJson {
            statement: statement.what,
            path: path_text(&statement.path),
            line: statement.line,
            is_included: self.is_with && statement.is_kept,
        };
        PrivilegesJson { is_included: self.is_with, statements: self.statements.iter().map(place).collect() }
    }
}

fn place(statement: &PrivilegeStatement, context: &CommandContext) -> String {
    format!("{} in {}:{}", statement.what, shown(&statement.path, &context.environment), statement.line)
}

fn listed(mut places: Vec<String>) -> String {
    let rest = places.len().saturating_sub(MOST);
    places.truncate(MOST);
    if rest > 0 {
        places.push(format!("and {rest} more"));
    }
    places.join(", ")
}

fn undecided(places: Vec<String>) -> CommandError {
    CommandError::usage(format!("the revisions say who may do what, which the dump of a schema does not: {}", listed(places)))
        .hint("`--with-privileges` puts the privileges of the finished schema into the baseline (roles and owners never), `--without-privileges` leaves all of it out")
}
