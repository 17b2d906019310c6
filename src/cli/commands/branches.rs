use clap::Args;
use serde::Serialize;

use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::render::{Line, Renderer, RevisionJson};
use crate::plan::{self, HistoryRange, RangeEnd};
use crate::revision::RevisionIndex;

/// Show branch points, and where they branch to
#[derive(Debug, Clone, Args)]
pub struct BranchesArgs {
    /// Print whole entries, with path and docstring
    #[arg(short, long)]
    pub verbose: bool,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

#[derive(Debug, Serialize)]
struct BranchesJson<'a> {
    branch_points: Vec<BranchPointJson<'a>>,
}

#[derive(Debug, Serialize)]
struct BranchPointJson<'a> {
    #[serde(flatten)]
    revision: RevisionJson<'a>,
    children: Vec<RevisionJson<'a>>,
}

/// Runs the command.
///
/// # Errors
/// A project that cannot be read.
pub fn run(context: &mut CommandContext, args: &BranchesArgs) -> Result<ExitStatus, CommandError> {
    let scripts = context.scripts()?;
    let map = &scripts.map;
    let everything = HistoryRange { start: RangeEnd::Symbol(String::new()), end: RangeEnd::Symbol(String::new()) };
    let mut points = plan::history(map, &everything)?;
    points.retain(|point| map.is_branch_point(*point));
    let renderer = Renderer::new(&scripts);
    if args.format == Format::Json {
        let branch_point = |point: &RevisionIndex| BranchPointJson {
            revision: renderer.json(*point, None),
            children: map.children(*point).iter().map(|child| renderer.json(*child, None)).collect(),
        };
        context.ui.json(&BranchesJson { branch_points: points.iter().map(branch_point).collect() });
        return Ok(ExitStatus::Success);
    }
    let child_line = if args.verbose { Line::BranchWithDoc } else { Line::Branch };
    for point in points {
        let text = if args.verbose { renderer.entry(point, false) } else { renderer.line(point, Line::Branch, false) };
        let indent = " ".repeat(map.revision(point).id.as_str().chars().count());
        let child = |child: &RevisionIndex| format!("{indent} -> {}", renderer.line(*child, child_line, false));
        let children: Vec<String> = map.children(point).iter().map(child).collect();
        context.ui.result(&format!("{text}\n{}\n", children.join("\n")));
    }
    Ok(ExitStatus::Success)
}
