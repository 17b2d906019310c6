use std::collections::HashMap;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::cli::context::CommandContext;
use crate::cli::environment::Encoding;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::graph::{self, EdgeKind, HistoryGraph, Limit, Lines, TableChanges};
use crate::cli::range::TypedRange;
use crate::cli::render::{Renderer, RevisionJson};
use crate::cli::writing::write_text;
use crate::operation;
use crate::plan;
use crate::revision::{RevisionIndex, RevisionMap};
use crate::script::{self, ScriptDirectory};

/// Draw the revision graph, newest revision on top
///
/// A branch label is named where it is declared and at the head of its branch. Dependencies (depends_on) are dotted or dashed
/// lines. Where the range leaves revisions out, `~` or `…` says so.
#[derive(Debug, Clone, Args)]
pub struct GraphArgs {
    /// Range START:END, either end may be missing; ends are revisions, current, or relative such as -3
    #[arg(value_name = "RANGE")]
    pub range: Option<String>,
    /// The same as RANGE; `-r-3:` is the spelling for a range that begins with a dash
    #[arg(short, long, value_name = "RANGE", conflicts_with = "range")]
    pub rev_range: Option<String>,
    /// Form of the drawing [default: that of the name of --output, else text]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<GraphFormat>,
    /// Show which tables every revision creates, alters and drops, and which tables reference which
    #[arg(long)]
    pub tables: bool,
    /// Write the drawing into a file
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// The form of a drawing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// For a terminal, in the manner of `git log --graph`
    Text,
    /// A Mermaid flowchart, which GitHub and GitLab draw in Markdown
    Mermaid,
    /// For Graphviz
    Dot,
    /// A picture
    Svg,
    /// Nodes and edges for scripts; its shape is stable
    Json,
}

impl GraphFormat {
    /// What the name of a file asks for.
    fn of_file(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "txt" => Some(Self::Text),
            "mmd" | "mermaid" => Some(Self::Mermaid),
            "dot" | "gv" => Some(Self::Dot),
            "svg" => Some(Self::Svg),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

#[derive(Debug, Serialize)]
struct GraphJson<'a> {
    nodes: Vec<NodeJson<'a>>,
    edges: Vec<EdgeJson<'a>>,
}

#[derive(Debug, Serialize)]
struct NodeJson<'a> {
    #[serde(flatten)]
    revision: RevisionJson<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tables: Option<&'a TableChanges>,
}

#[derive(Debug, Serialize)]
struct EdgeJson<'a> {
    from: &'a str,
    to: &'a str,
    kind: EdgeKind,
}

/// Runs the command.
///
/// # Errors
/// A project that cannot be read, a range that is none, a file that cannot be written, and with `current` a database that does
/// not answer.
pub fn run(context: &mut CommandContext, args: &GraphArgs) -> Result<ExitStatus, CommandError> {
    let range = TypedRange::parse(args.range.as_deref().or(args.rev_range.as_deref()))
        .map_err(|error| CommandError::usage(error.to_string()))?;
    let format = args.format.or_else(|| GraphFormat::of_file(args.output.as_deref()?)).unwrap_or(GraphFormat::Text);
    context.script_settings()?;
    let scripts = context.scripts()?;
    let revisions = revisions(context, &scripts.map, &range)?;
    if revisions.is_empty() && format == GraphFormat::Text {
        let everything = scripts.scripts.is_empty();
        context.ui.status(if everything {
            "There are no revisions yet."
        } else {
            "There are no revisions in this range."
        });
    }
    let mut graph = HistoryGraph::new(&scripts, &revisions);
    if args.tables {
        graph.add_tables(table_changes(context, &scripts, &revisions)?.into_iter());
    }
    let drawing = match format {
        GraphFormat::Text => graph::text(&graph, lines(context, args)),
        GraphFormat::Mermaid => {
            let drawing = graph::mermaid(&graph);
            if let Some(limit) = graph::mermaid_limit(&graph, &drawing) {
                context.ui.warning(&beyond(limit));
                context.ui.hint("a range draws less, such as `limbec graph --format mermaid -r-100:`");
            }
            drawing
        }
        GraphFormat::Dot => graph::dot(&graph),
        GraphFormat::Svg => graph::svg(&graph),
        GraphFormat::Json => json(&scripts, &graph, &revisions)?,
    };
    match &args.output {
        Some(path) => write_text(context, path, &drawing)?,
        None if drawing.is_empty() => {}
        None => context.ui.result(drawing.trim_end_matches('\n')),
    }
    Ok(ExitStatus::Success)
}

/// What every revision does to tables, in the order of the drawing.
fn table_changes(
    context: &mut CommandContext,
    scripts: &ScriptDirectory,
    revisions: &[RevisionIndex],
) -> Result<Vec<TableChanges>, CommandError> {
    let settings = context.script_settings()?;
    let read = script::read_files(&settings.locations, |file| {
        let operations = operation::read(&file);
        let unknown = operations.upgrade.not_analysed.len();
        (file.path.clone(), (TableChanges::of(&operations), unknown))
    });
    let mut changes: HashMap<PathBuf, (TableChanges, usize)> = read.files.into_iter().collect();
    let (mut found, mut unknown) = (Vec::with_capacity(revisions.len()), 0);
    for index in revisions {
        let (tables, calls) = changes.remove(&scripts.script(*index).path).unwrap_or_default();
        unknown += calls;
        found.push(tables);
    }
    if unknown > 0 {
        let calls = if unknown == 1 { "call was" } else { "calls were" };
        context.ui.hint(&format!("{unknown} {calls} not understood; `limbec validate -v` lists them"));
    }
    Ok(found)
}

/// The revisions of the range, newest first. Of several databases, `current` is each of them: what lies in the range of any is drawn.
fn revisions(
    context: &mut CommandContext,
    map: &RevisionMap,
    range: &TypedRange,
) -> Result<Vec<RevisionIndex>, CommandError> {
    let databases = if range.needs_rows() { context.version_rows()? } else { vec![Vec::new()] };
    let mut found = Vec::new();
    for rows in &databases {
        found.push(plan::history(map, &range.with_rows(rows))?);
    }
    if let [only] = found.as_slice() {
        return Ok(only.clone());
    }
    // Two orders cannot be joined, but each is a part of this one.
    let mut everything = plan::history(map, &plan::HistoryRange::default())?;
    everything.retain(|index| found.iter().any(|revisions| revisions.contains(index)));
    Ok(everything)
}

fn lines(context: &CommandContext, args: &GraphArgs) -> Lines {
    let is_rich = args.output.is_some() || context.environment.stdout_encoding() == Encoding::Utf8;
    if is_rich { Lines::Box } else { Lines::Ascii }
}

fn beyond(limit: Limit) -> String {
    let (number, things, maximum) = match limit {
        Limit::Edges(number, maximum) => (number, "edges", maximum),
        Limit::Text(number, maximum) => (number, "characters", maximum),
    };
    format!(
        "the drawing has {number} {things}, and Mermaid draws no more than {maximum} unless the page says otherwise"
    )
}

fn json(
    scripts: &ScriptDirectory,
    graph: &HistoryGraph<'_>,
    revisions: &[RevisionIndex],
) -> Result<String, CommandError> {
    let renderer = Renderer::new(scripts);
    let nodes = revisions.iter().zip(&graph.nodes);
    let nodes = nodes
        .map(|(index, node)| NodeJson { revision: renderer.json(*index, None), tables: node.tables.as_ref() })
        .collect();
    let ends = graph.edges().filter_map(|(from, edge)| Some((graph.nodes.get(from)?, graph.nodes.get(edge.to)?, edge)));
    let edges = ends.map(|(from, to, edge)| EdgeJson { from: from.id, to: to.id, kind: edge.kind }).collect();
    serde_json::to_string_pretty(&GraphJson { nodes, edges })
        .map_err(|error| CommandError::crashed("the result cannot be written as JSON").caused_by(error.to_string()))
}
