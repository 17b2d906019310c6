use thiserror::Error;

use super::RevisionId;

/// Why a graph could not be built, a symbol not resolved or a plan not made. `Display` is Alembic's own sentence where
/// Alembic has one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RevisionError {
    /// A revision is its own down revision.
    #[error("Self-loop is detected in revisions ({0})")]
    SelfLoop(RevisionId),
    /// A revision depends on itself.
    #[error("Dependency self-loop is detected in revisions ({0})")]
    DependencySelfLoop(RevisionId),
    /// `@`, `-`, `+` or `:` in an identifier.
    #[error("Character(s) '{characters}' not allowed in revision identifier '{id}'")]
    IllegalCharacters {
        /// Sorted, joined by a comma and a blank.
        characters: String,
        /// The identifier as declared.
        id: RevisionId,
    },
    /// A branch label equals an identifier or another label.
    #[error("Branch name '{label}' in revision {revision} already used by revision {used_by}")]
    LabelTaken {
        /// The label.
        label: String,
        /// Where it is declared again.
        revision: RevisionId,
        /// Who has the name.
        used_by: RevisionId,
    },
    /// `depends_on` names neither an identifier nor a label; Alembic dies of a `KeyError`.
    #[error("revision {revision} depends on '{dependency}', which is neither a revision nor a branch label")]
    UnknownDependency {
        /// Who declares it.
        revision: RevisionId,
        /// What it names.
        dependency: String,
    },
    /// `down_revision` names nothing; Alembic warns and dies of a `KeyError`.
    #[error("Revision {down} referenced from {revision} is not present")]
    MissingDown {
        /// Who declares it.
        revision: RevisionId,
        /// What it names.
        down: RevisionId,
    },
    /// `down_revision` names a branch label; Alembic dies of a `KeyError`.
    #[error("down revision '{label}' of revision {revision} is a branch label, not a revision")]
    DownIsLabel {
        /// Who declares it.
        revision: RevisionId,
        /// The label.
        label: RevisionId,
    },
    /// The same, met while dependencies are looked through.
    #[error("Dependency resolution failed; broken map")]
    BrokenMap,
    /// A cycle through `down_revision`.
    #[error("Cycle is detected in revisions ({})", join(.0))]
    Cycle(Vec<RevisionId>),
    /// A cycle through `down_revision` and `depends_on`.
    #[error("Dependency cycle is detected in revisions ({})", join(.0))]
    DependencyCycle(Vec<RevisionId>),

    /// Nothing, several, or a revision of the wrong branch.
    #[error("Can't locate revision identified by '{0}'")]
    NotFound(String),
    /// One revision was wanted and the symbol stands for several heads.
    #[error(
        "Multiple head revisions are present for given argument '{0}'; please specify a specific target revision, \
         '<branchname>@{0}' to narrow to a specific head, or 'heads' for all heads"
    )]
    MultipleHeads(String),
    /// The same in `stamp`.
    #[error("Multiple heads are present; please specify a single target revision")]
    StampMultipleHeads,
    /// The same for the parent of a new revision.
    #[error(
        "Multiple heads are present; please specify the head revision on which the new revision should be based, or \
         perform a merge."
    )]
    ParentMultipleHeads,
    /// The same where "the" head of the directory is wanted.
    #[error(
        "The script directory has multiple heads (due to branching).Please use get_heads(), or merge the branches \
         using alembic merge."
    )]
    DirectoryMultipleHeads,
    /// One head named twice as parent of a new revision.
    #[error("Duplicate head revisions specified")]
    DuplicateParents,
    /// An empty identifier; Alembic dies of an `AssertionError`.
    #[error("an empty revision identifier stands for nothing")]
    EmptyIdentifier,
    /// A walk ended at or below base where a revision is needed; Alembic dies of an `AssertionError` or `AttributeError`.
    #[error("'{0}' does not lead to a revision")]
    NotARevision(String),

    /// Several children on the way up, or several down revisions on the way down.
    #[error("Ambiguous walk")]
    AmbiguousWalk,
    /// A downgrade relative to a revision goes beyond base.
    #[error("Walked too far")]
    WalkedTooFar,
    /// `+N` or `-N` that goes too far or in the wrong direction.
    #[error("Relative revision {relative} didn't produce {count} migrations")]
    RelativeTooFar {
        /// As Alembic prints it.
        relative: String,
        /// The distance.
        count: u64,
    },
    /// `upgrade +N` with several rows.
    #[error("Ambiguous upgrade from multiple current revisions")]
    AmbiguousUpgrade,
    /// `L@-N` where not exactly one current revision is on the branch; Alembic dies of an `AssertionError`.
    #[error("'{label}@{relative}' needs exactly one current revision on branch '{label}', and there are {found}")]
    BranchNotSingle {
        /// The branch.
        label: String,
        /// The distance as typed.
        relative: String,
        /// How many there are.
        found: usize,
    },
    /// `REV@…` as start of a range where the revision has not exactly one label; Alembic dies of an `AssertionError`.
    #[error("revision {revision} stands for a branch and has {labels} branch labels instead of one")]
    LabelNotSingle {
        /// The revision named.
        revision: RevisionId,
        /// How many labels it carries.
        labels: usize,
    },

    /// One of several revisions is an ancestor of another.
    #[error("Requested revision {revision} overlaps with other requested revisions {}", join(.others))]
    Overlap {
        /// The descendant.
        revision: RevisionId,
        /// Its ancestors among the requested ones.
        others: Vec<RevisionId>,
    },
    /// The start of a range is no ancestor of its end. Both as typed; rows of the version table as Python's tuple.
    #[error("Requested range {start}:{end} does not refer to ancestor/descendant revisions along the same branch")]
    NotARange {
        /// The start.
        start: String,
        /// The end.
        end: String,
    },
    /// Nothing between the target and the rows.
    #[error("Destination {0} is not a valid upgrade target from current head(s)")]
    UpgradeTarget(String),
    /// Nothing to drop above the target.
    #[error("Destination {0} is not a valid downgrade target from current head(s)")]
    DowngradeTarget(String),
    /// `L@base` where no base is below the branch.
    #[error("Not a valid downgrade target from current heads")]
    DowngradeBranch,

    /// Rows both above and below the stamped revision; Alembic dies of an `AssertionError`.
    #[error("cannot stamp {0}: the version table has revisions above and below it")]
    StampBetween(RevisionId),
    /// The order of the plan leaves revisions out; Alembic dies of an `AssertionError`.
    #[error("revisions {} cannot be reached from the requested revisions", join(.0))]
    Unreachable(Vec<RevisionId>),
    /// A step removes or moves a row that would not be there; Alembic dies of a `KeyError`.
    #[error("the version table would not have the row '{row}' that the step to {revision} replaces")]
    RowMissing {
        /// The row.
        row: RevisionId,
        /// The step.
        revision: RevisionId,
    },
    /// A step adds a row that would be there; Alembic dies of an `AssertionError`.
    #[error("the version table would already have the row '{0}'")]
    RowPresent(RevisionId),
    /// A step could update several rows; Alembic dies of an `AssertionError`.
    #[error("the row to update by the step of {0} is ambiguous")]
    RowAmbiguous(RevisionId),
}

impl RevisionError {
    /// Whether Alembic reports this by `FAILED:` (exit 255); otherwise it dies of a traceback (exit 1).
    pub fn is_command_error(&self) -> bool {
        !matches!(
            self,
            Self::UnknownDependency { .. }
                | Self::MissingDown { .. }
                | Self::DownIsLabel { .. }
                | Self::EmptyIdentifier
                | Self::NotARevision(_)
                | Self::BranchNotSingle { .. }
                | Self::LabelNotSingle { .. }
                | Self::StampBetween(_)
                | Self::Unreachable(_)
                | Self::RowMissing { .. }
                | Self::RowPresent(_)
                | Self::RowAmbiguous(_)
        )
    }
}

/// What Alembic says as a `UserWarning` while it builds the map; `Display` is its sentence.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MapWarning {
    /// Two files declare one id.
    #[error("Revision {0} is present more than once")]
    Duplicate(RevisionId),
}

/// Why a symbol was not resolved, before the command has given it its sentence (Alembic's `RevisionError` subclasses).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ResolveError {
    /// `ResolutionError`: the part that failed.
    Resolution(String),
    /// `MultipleHeads`: the argument it was raised for.
    MultipleHeads(String),
    /// `RangeNotAncestorError`
    NotAncestor,
    /// Every command reports it alike.
    Other(RevisionError),
}

impl From<RevisionError> for ResolveError {
    fn from(error: RevisionError) -> Self {
        Self::Other(error)
    }
}

/// Which of Alembic's commands gives the sentence (the arguments of `_catch_revision_errors` in `script/base.py`).
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wording<'a> {
    /// `get_revisions`: show, edit, current.
    Plain,
    /// `upgrade TARGET`
    Upgrade(&'a str),
    /// `downgrade TARGET`
    Downgrade(&'a str),
    /// `history -r START:END`
    Range(&'a str, &'a str),
    /// `stamp`
    Stamp,
    /// The parents of a new revision.
    Parent,
    /// `get_current_head`
    Directory,
}

impl ResolveError {
    /// The sentence of one command.
    pub(crate) fn worded(self, wording: Wording<'_>) -> RevisionError {
        match self {
            Self::Resolution(part) => RevisionError::NotFound(part),
            Self::MultipleHeads(argument) => match wording {
                Wording::Plain => RevisionError::MultipleHeads(argument),
                Wording::Upgrade(end) | Wording::Downgrade(end) | Wording::Range(_, end) => {
                    let argument = if end.is_empty() { argument } else { end.to_owned() };
                    RevisionError::MultipleHeads(argument)
                }
                Wording::Stamp => RevisionError::StampMultipleHeads,
                Wording::Parent => RevisionError::ParentMultipleHeads,
                Wording::Directory => RevisionError::DirectoryMultipleHeads,
            },
            Self::NotAncestor => match wording {
                Wording::Upgrade(target) => RevisionError::UpgradeTarget(target.to_owned()),
                Wording::Downgrade(target) => RevisionError::DowngradeTarget(target.to_owned()),
                Wording::Range(start, end) => RevisionError::NotARange { start: start.to_owned(), end: end.to_owned() },
                Wording::Plain | Wording::Stamp | Wording::Parent | Wording::Directory => {
                    RevisionError::NotARange { start: String::new(), end: String::new() }
                }
            },
            Self::Other(error) => error,
        }
    }
}

fn join(ids: &[RevisionId]) -> String {
    ids.iter().map(RevisionId::as_str).collect::<Vec<_>>().join(", ")
}
