use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::table::Table;
use crate::lint::{self, RULES, Rule, render};

/// Explain a rule of validate, or list all
#[derive(Debug, Clone, Args)]
pub struct RuleArgs {
    /// Name of the rule
    #[arg(value_name = "RULE", required_unless_present = "all")]
    pub name: Option<String>,
    /// List all rules
    #[arg(long, conflicts_with = "name")]
    pub all: bool,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: RuleFormat,
}

/// How rules are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RuleFormat {
    /// For people.
    Text,
    /// One JSON document for scripts; its shape is stable.
    Json,
    /// Markdown: with --all, the page docs/rules.md.
    Markdown,
}

#[derive(Serialize)]
struct RulesJson {
    rules: Vec<RuleJson>,
}

#[derive(Serialize)]
struct RuleJson {
    name: &'static str,
    group: &'static str,
    level: &'static str,
    dialects: Vec<&'static str>,
    since: &'static str,
    fixable: bool,
    summary: String,
    documentation: String,
}

impl From<&Rule> for RuleJson {
    fn from(rule: &Rule) -> Self {
        Self {
            name: rule.name,
            group: rule.group.name(),
            level: rule.level.name(),
            dialects: rule.dialects.iter().map(|dialect| dialect.name()).collect(),
            since: rule.since,
            fixable: rule.is_fixable,
            summary: rule.summary().into_owned(),
            documentation: rule.documentation(),
        }
    }
}

/// Runs the command.
///
/// # Errors
/// A name that no rule has.
pub fn run(context: &mut CommandContext, args: &RuleArgs) -> Result<ExitStatus, CommandError> {
    let rules: Vec<&'static Rule> = match &args.name {
        Some(name) => vec![named(name)?],
        None => RULES.to_vec(),
    };
    let colored = context.ui.colors_results();
    match (args.format, rules.as_slice()) {
        (RuleFormat::Json, [rule]) if !args.all => context.ui.json(&RuleJson::from(*rule)),
        (RuleFormat::Json, rules) => {
            context.ui.json(&RulesJson { rules: rules.iter().map(|rule| RuleJson::from(*rule)).collect() });
        }
        (RuleFormat::Markdown, [rule]) if !args.all => context.ui.result(render::rule_markdown(rule).trim_end()),
        (RuleFormat::Markdown, _) => context.ui.result(render::rules_markdown().trim_end()),
        (RuleFormat::Text, [rule]) if !args.all => context.ui.result(render::rule_page(rule, colored).trim_end()),
        (RuleFormat::Text, rules) => context.ui.table(&table(rules)),
    }
    Ok(ExitStatus::Success)
}

fn table(rules: &[&'static Rule]) -> Table {
    let mut table = Table::new(&["Rule", "Group", "Level", "Fix", "Summary"]);
    let mut rules = rules.to_vec();
    rules.sort_by_key(|rule| (rule.group, rule.name));
    for rule in rules {
        let fix = if rule.is_fixable { "yes" } else { "" };
        let cells = [rule.name, rule.group.name(), rule.level.name(), fix, &rule.summary()];
        table.row(cells.map(str::to_owned).to_vec());
    }
    table
}

/// The rule of this name.
///
/// # Errors
/// The closest names, where there is none.
pub(super) fn named(name: &str) -> Result<&'static Rule, CommandError> {
    if let Some(rule) = lint::rule(name) {
        return Ok(rule);
    }
    let failure = CommandError::usage(format!("there is no rule '{name}'"));
    let failure = match lint::similar_rule(name) {
        Some(similar) => failure.hint(format!("did you mean `{similar}`?")),
        None => failure,
    };
    Err(failure.hint("`limbec rule --all` lists the rules"))
}
