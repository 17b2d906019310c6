//! Base branch and lock file as a command sees them.

use std::path::{Path, PathBuf};

use super::context::CommandContext;
use super::environment::Environment;
use super::error::CommandError;
use crate::published::{Base, BaseRequest, Known, Lock, LockError, NoBase, Published, RebaseError};
use crate::revision::RevisionId;
use crate::script::Locations;

/// Variables by which CI says what a change is to be merged into.
const TARGET_VARIABLES: [&str; 7] = [
    "GITHUB_BASE_REF",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
    "CI_COMMIT_TARGET_BRANCH",
    "CHANGE_TARGET",
    "BITBUCKET_PR_DESTINATION_BRANCH",
    "SYSTEM_PULLREQUEST_TARGETBRANCH",
    "BUILDKITE_PULL_REQUEST_BASE_BRANCH",
];

/// The commit that GitLab says a merge request began at; its clones have no target branch.
const TARGET_COMMIT: &str = "CI_MERGE_REQUEST_DIFF_BASE_SHA";

/// What the base branch is to be: `--base`, else the setting, else what CI says, else it is looked for.
pub(super) fn base_request(environment: &Environment, option: Option<&str>, setting: Option<&str>) -> BaseRequest {
    let named = |reference: &str, given_by: &str| BaseRequest::Named {
        reference: reference.to_owned(),
        given_by: given_by.to_owned(),
    };
    if let Some(reference) = option {
        return named(reference, "--base");
    }
    if let Some(reference) = setting {
        return named(reference, "the setting `base`");
    }
    let target = TARGET_VARIABLES.iter().find_map(|name| Some((*name, environment.variable(name)?)));
    match target {
        Some((variable, branch)) => BaseRequest::Target {
            branch: branch.to_owned(),
            variable: variable.to_owned(),
            commit: environment.variable(TARGET_COMMIT).map(str::to_owned),
        },
        None => BaseRequest::Detect,
    }
}

/// The base branch; that there is none is an error only where it was named.
pub(super) fn base(
    environment: &Environment,
    request: &BaseRequest,
    locations: &Locations,
) -> Result<Result<Base, NoBase>, CommandError> {
    match Base::find(&git_directory(environment, locations), request, locations) {
        Err(why) if matches!(request, BaseRequest::Named { .. }) => Err(why.into()),
        outcome => Ok(outcome),
    }
}

/// Where git runs: in the repository of the first version location; in the current directory for a hook, whose GIT_DIR would
/// be taken for another place elsewhere.
pub(super) fn git_directory(environment: &Environment, locations: &Locations) -> PathBuf {
    if environment.variable("GIT_DIR").is_some() {
        return environment.current_dir.clone();
    }
    let existing = locations.versions.iter().find_map(|folder| folder.canonicalize().ok());
    existing.unwrap_or_else(|| locations.script_location.clone())
}

/// The published revisions of the project, by git and the lock file as it is, conflict or not.
pub(super) fn published(context: &mut CommandContext, base_option: Option<&str>) -> Result<Published, CommandError> {
    let scripts = context.scripts()?;
    let settings = context.script_settings()?;
    let project = context.project()?;
    let request = base_request(&context.environment, base_option, project.settings.lint.base.as_deref());
    let base = base(&context.environment, &request, &settings.locations)?;
    let lock = Lock::read(&Lock::path(&settings.locations))?;
    let known = scripts.scripts.iter().map(|script| Known { path: &script.path, revision: Some(&script.revision) });
    Ok(Published::new(base, lock, &known.collect::<Vec<_>>()).with_baselines(scripts.scripts.iter()))
}

/// A path as people like it: relative to the current directory where it is below it.
pub(super) fn shown(path: &Path, environment: &Environment) -> String {
    let current = environment.current_dir.canonicalize().unwrap_or_else(|_| environment.current_dir.clone());
    super::render::path_text(path.strip_prefix(current).unwrap_or(path))
}

impl From<NoBase> for CommandError {
    fn from(why: NoBase) -> Self {
        let failure = Self::usage(why.to_string());
        match why.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

impl From<LockError> for CommandError {
    fn from(error: LockError) -> Self {
        let failure = Self { is_configuration: true, ..Self::from_error(&error, false) };
        match error.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

impl From<RebaseError> for CommandError {
    fn from(error: RebaseError) -> Self {
        let failure = Self::from_error(&error, false);
        let both_ways = |failure: Self, heads: &[RevisionId]| match heads {
            [one, other, ..] => failure
                .hint(format!("`limbec rebase {other} --onto {one}` puts one on top of the other"))
                .hint("`limbec merge heads` joins them by a new revision"),
            _ => failure,
        };
        match error {
            RebaseError::Graph(error) => error.into(),
            RebaseError::Published { .. } => {
                failure.hint("a database may have run it: correct it by a new revision on top of it")
            }
            RebaseError::NothingPublished { reason, heads } => {
                let base = reason.hint().unwrap_or_else(|| "name the base branch by `--base REF`".to_owned());
                both_ways(failure.hint(base), &heads)
            }
            RebaseError::SeveralUnpublished(heads) => both_ways(failure, &heads),
            RebaseError::SeveralPublished { heads, base } => {
                let failure = failure.hint("`limbec merge heads` joins them by a new revision");
                match heads.as_slice() {
                    [one, other, ..] if base.is_none() => failure.hint(format!(
                        "where no database has run {other}, take its line out of limbec.lock: then \
                         `limbec rebase {other} --onto {one}` moves it"
                    )),
                    _ => failure,
                }
            }
            RebaseError::Ambiguous { revision, heads } => {
                let head = heads.first().map_or("HEAD", RevisionId::as_str);
                failure.hint(format!("say which: `limbec rebase {revision} --onto {head}`"))
            }
            RebaseError::NotAHead { .. } => failure.hint("`limbec heads` lists the heads"),
            RebaseError::OntoDescendant { .. } => failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(variables: &[(&str, &str)], option: Option<&str>, setting: Option<&str>) -> BaseRequest {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        let environment = Environment { variables, current_dir: "/".into(), message_width: None, interactive: false };
        base_request(&environment, option, setting)
    }

    #[test]
    fn the_option_comes_first_then_the_setting_then_ci() {
        let ci = [("CHANGE_TARGET", "next"), ("CI_MERGE_REQUEST_DIFF_BASE_SHA", "abc"), ("GITHUB_BASE_REF", "")];
        let named = |reference: &str, given_by: &str| BaseRequest::Named {
            reference: reference.to_owned(),
            given_by: given_by.to_owned(),
        };
        assert_eq!(request(&ci, Some("a"), Some("b")), named("a", "--base"));
        assert_eq!(request(&ci, None, Some("b")), named("b", "the setting `base`"));
        let target = BaseRequest::Target {
            branch: "next".to_owned(),
            variable: "CHANGE_TARGET".to_owned(),
            commit: Some("abc".to_owned()),
        };
        assert_eq!(request(&ci, None, None), target);
        assert_eq!(request(&[], None, None), BaseRequest::Detect);
    }
}
