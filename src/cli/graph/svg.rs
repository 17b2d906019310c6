use std::collections::BTreeMap;
use std::fmt::Write;

use renderdag::pipeline::types::GraphRowShape;
use renderdag::{LinkLine, NodeLine, PadLine};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::history::{HistoryGraph, Node};
use super::lanes;

/// Lengths in pixels.
const LANE: usize = 16;
const ROW: usize = 26;
/// Between two rows, where lines change lanes.
const LINK: usize = 14;
/// A line that goes on where nothing is drawn any more.
const TAIL: usize = 14;
const MARGIN: usize = 16;
const RADIUS: usize = LINK / 2;
const DOT: usize = 5;
/// No usual monospaced font is wider at the size of the style below; a wide character has two.
const COLUMN: usize = 8;
/// Between the parts of a text.
const GAP: usize = 2 * COLUMN;

/// Columns of a description; the rest is in the tooltip.
const DESCRIPTION: usize = 100;

/// With more lanes than this beside one row, texts begin where the lanes of their own row end instead of in one column.
const ALIGNED_LANES: usize = 12;

/// Colours of the lanes, in turn; all of them are dark enough for white paper.
const COLOURS: &[&str] = &["#2563eb", "#c2410c", "#15803d", "#9333ea", "#be123c", "#0e7490", "#a16207", "#475569"];

const STYLE: &str = "text { font: 13px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; fill: #1f2937 }
.id { font-weight: bold }
.more { fill: #6b7280 }
path { fill: none; stroke-width: 2 }
circle { stroke-width: 1.5 }
.head { stroke-width: 3 }
.dashed { stroke-dasharray: 5 4 }
.tail { stroke-dasharray: 2 4 }
";

/// A picture: one row a revision, lanes on the left, text beside them. Its height grows with the number of revisions and its width
/// with that of the branches side by side, so that a long history can be scrolled.
pub(in crate::cli) fn svg(graph: &HistoryGraph<'_>) -> String {
    let (Size { width, height }, body) = drawing(graph);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
         <style>\n{STYLE}</style>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{body}</svg>\n"
    )
}

/// The same for a page that has a style of its own for it, dark or light: without style and background. It holds no style attribute,
/// which a strict content security policy would not let through.
pub(in crate::cli) fn figure(graph: &HistoryGraph<'_>) -> String {
    let (Size { width, height }, body) = drawing(graph);
    format!(
        "<svg width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         aria-label=\"The revision graph\">\n{body}</svg>"
    )
}

fn drawing(graph: &HistoryGraph<'_>) -> (Size, String) {
    let mut canvas = Canvas::default();
    let mut y = MARGIN;
    for (row, node) in lanes::rows(graph).zip(&graph.nodes) {
        y = canvas.row(&row, node, y);
    }
    canvas.finish(y)
}

/// In pixels.
struct Size {
    width: usize,
    height: usize,
}

/// How a line looks; the order is that of painting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stroke {
    /// To something that is not drawn.
    Tail,
    /// `depends_on`
    Dashed,
    /// `down_revision`
    Solid,
}

/// A vertical line that may still grow.
#[derive(Debug, Clone, Copy)]
struct Run {
    stroke: Stroke,
    from: usize,
    to: usize,
}

/// A text and the lanes beside it.
#[derive(Debug)]
struct Label {
    y: usize,
    lanes: usize,
    markup: String,
    /// In columns.
    width: usize,
}

#[derive(Debug, Default)]
struct Canvas {
    runs: Vec<Option<Run>>,
    /// The lines of one look and colour are one path.
    paths: BTreeMap<(Stroke, usize), String>,
    dots: String,
    labels: Vec<Label>,
    /// The lines that arrive from the row above.
    arriving: Vec<PadLine>,
}

impl Canvas {
    /// Draws a row whose top is at `top`; the top of the next one.
    fn row(&mut self, row: &GraphRowShape<usize>, node: &Node<'_>, top: usize) -> usize {
        let bottom = top + ROW;
        let middle = top + ROW / 2;
        for (lane, line) in row.node_line.iter().enumerate() {
            match line {
                NodeLine::Blank => {}
                NodeLine::Ancestor => self.vertical(lane, Stroke::Dashed, top, bottom),
                NodeLine::Parent => self.vertical(lane, Stroke::Solid, top, bottom),
                NodeLine::Node => match self.arriving.get(lane) {
                    Some(PadLine::Parent) => self.vertical(lane, Stroke::Solid, top, middle),
                    Some(PadLine::Ancestor) => self.vertical(lane, Stroke::Dashed, top, middle),
                    _ => {}
                },
            }
        }
        self.dot(row.node_column, middle, node.is_head);
        self.label(row, node, middle);
        let mut y = match &row.link_line {
            Some(links) => {
                self.links(row, links, bottom);
                bottom + LINK
            }
            None => {
                for lane in &row.parent_columns {
                    self.vertical(*lane, stroke(row, *lane), middle, bottom);
                }
                bottom
            }
        };
        if let Some(tails) = &row.term_line {
            self.tails(row, tails, y);
            y += TAIL;
        }
        self.arriving.clone_from(&row.ancestry_line);
        y
    }

    /// The lines between a row, whose bottom is `top`, and the next one.
    fn links(&mut self, row: &GraphRowShape<usize>, links: &[LinkLine], top: usize) {
        let (node, bottom) = (row.node_column, top + LINK);
        for (lane, link) in links.iter().enumerate() {
            if lane == node {
                continue;
            }
            if link.intersects(LinkLine::LEFT_MERGE) {
                // The same parent has a lane on either side: the right one ends here.
                let stroke = stroke_of(*link, LinkLine::LEFT_MERGE_PARENT);
                self.bend(lane, node, stroke, lane, top);
            } else if link.intersects(LinkLine::VERTICAL) {
                self.vertical(lane, stroke_of(*link, LinkLine::VERT_PARENT), top, bottom);
            }
        }
        for &lane in &row.parent_columns {
            let stroke = stroke(row, lane);
            if lane == node {
                self.vertical(lane, stroke, top - ROW / 2, bottom);
            } else {
                self.vertical_once(node, stroke, lane, top - ROW / 2, top);
                self.bend(node, lane, stroke, lane, top);
            }
        }
    }

    fn tails(&mut self, row: &GraphRowShape<usize>, tails: &[bool], top: usize) {
        for (lane, line) in row.ancestry_line.iter().enumerate() {
            match line {
                PadLine::Parent => self.vertical(lane, Stroke::Solid, top, top + TAIL),
                PadLine::Ancestor => self.vertical(lane, Stroke::Dashed, top, top + TAIL),
                PadLine::Blank => {}
            }
        }
        for (lane, _) in tails.iter().enumerate().filter(|(_, ends)| **ends) {
            self.vertical(lane, Stroke::Tail, top, top + TAIL);
        }
    }

    /// Makes the line of a lane longer, or begins another one.
    fn vertical(&mut self, lane: usize, stroke: Stroke, from: usize, to: usize) {
        if self.runs.len() <= lane {
            self.runs.resize(lane + 1, None);
        }
        let Some(slot) = self.runs.get_mut(lane) else { return };
        match slot {
            Some(run) if run.stroke == stroke && run.to == from => run.to = to,
            _ => {
                let ended = slot.replace(Run { stroke, from, to });
                self.draw_run(lane, ended);
            }
        }
    }

    fn draw_run(&mut self, lane: usize, run: Option<Run>) {
        if let Some(Run { stroke, from, to }) = run {
            self.vertical_once(lane, stroke, lane, from, to);
        }
    }

    fn vertical_once(&mut self, lane: usize, stroke: Stroke, colour: usize, from: usize, to: usize) {
        let x = x(lane);
        self.path(stroke, colour, format_args!("M{x} {from}V{to}"));
    }

    /// A line that changes lanes, below the texts of its row.
    fn bend(&mut self, from: usize, to: usize, stroke: Stroke, colour: usize, top: usize) {
        let (start, end, middle, bottom) = (x(from), x(to), top + RADIUS, top + LINK);
        let (leave, arrive) = if end > start { (start + RADIUS, end - RADIUS) } else { (start - RADIUS, end + RADIUS) };
        self.path(
            stroke,
            colour,
            format_args!("M{start} {top}Q{start} {middle} {leave} {middle}H{arrive}Q{end} {middle} {end} {bottom}"),
        );
    }

    fn path(&mut self, stroke: Stroke, lane: usize, commands: std::fmt::Arguments<'_>) {
        // Writing to a String does not fail.
        let _ = self.paths.entry((stroke, lane % COLOURS.len())).or_default().write_fmt(commands);
    }

    fn dot(&mut self, lane: usize, y: usize, is_head: bool) {
        let (x, colour) = (x(lane), colour(lane));
        let _ = if is_head {
            writeln!(
                self.dots,
                "<circle class=\"head\" cx=\"{x}\" cy=\"{y}\" r=\"{DOT}\" fill=\"#ffffff\" stroke=\"{colour}\"/>"
            )
        } else {
            writeln!(self.dots, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{DOT}\" fill=\"{colour}\" stroke=\"#ffffff\"/>")
        };
    }

    fn label(&mut self, row: &GraphRowShape<usize>, node: &Node<'_>, y: usize) {
        let used = row.node_line.iter().rposition(|line| *line != NodeLine::Blank).unwrap_or(0);
        let lanes = used.max(row.parent_columns.iter().copied().max().unwrap_or(0)) + 1;
        let shown = cut(&node.description);
        let mut markup = format!("<tspan class=\"id\">{}</tspan>", escaped(&node.title));
        let mut width = node.title.width();
        if !shown.is_empty() {
            width += 2 + shown.width();
            markup.push_str(&format!("<tspan dx=\"{GAP}\">{}</tspan>", escaped(&shown)));
        }
        for note in node.notes() {
            let note = cut(&note);
            width += 2 + note.width();
            markup.push_str(&format!("<tspan class=\"more\" dx=\"{GAP}\">{}</tspan>", escaped(&note)));
        }
        if shown != node.description {
            markup.push_str(&format!("<title>{}</title>", escaped(&node.description)));
        }
        self.labels.push(Label { y, lanes, markup, width });
    }

    fn finish(mut self, bottom: usize) -> (Size, String) {
        for (lane, run) in std::mem::take(&mut self.runs).into_iter().enumerate() {
            self.draw_run(lane, run);
        }
        let widest = self.labels.iter().map(|label| label.lanes).max().unwrap_or(0);
        let beside = |label: &Label| if widest > ALIGNED_LANES { label.lanes } else { widest };
        let right = self.labels.iter().map(|label| x(beside(label)) + label.width * COLUMN).max().unwrap_or(MARGIN);
        let size = Size { width: right + MARGIN, height: bottom + MARGIN };
        let mut out = String::new();
        for ((stroke, lane), commands) in &self.paths {
            let class = match stroke {
                Stroke::Tail => " class=\"tail\"",
                Stroke::Dashed => " class=\"dashed\"",
                Stroke::Solid => "",
            };
            let _ = writeln!(out, "<path{class} stroke=\"{}\" d=\"{commands}\"/>", colour(*lane));
        }
        out.push_str(&self.dots);
        for label in &self.labels {
            // The baseline is a third of the height of a letter below the middle of the row.
            let (x, y) = (x(beside(label)), label.y + 4);
            let _ = writeln!(out, "<text x=\"{x}\" y=\"{y}\">{}</text>", label.markup);
        }
        (size, out)
    }
}

fn x(lane: usize) -> usize {
    MARGIN + LANE / 2 + lane * LANE
}

fn colour(lane: usize) -> &'static str {
    COLOURS.get(lane % COLOURS.len()).copied().unwrap_or("#000000")
}

/// The look of the line from a row's revision to the parent in a lane.
fn stroke(row: &GraphRowShape<usize>, lane: usize) -> Stroke {
    match &row.link_line_from_node {
        Some(links) => {
            let direct = LinkLine::VERT_PARENT | LinkLine::LEFT_FORK_PARENT | LinkLine::RIGHT_FORK_PARENT;
            stroke_of(links.get(lane).copied().unwrap_or_default(), direct)
        }
        None if row.ancestry_line.get(lane) == Some(&PadLine::Ancestor) => Stroke::Dashed,
        None => Stroke::Solid,
    }
}

fn stroke_of(link: LinkLine, direct: LinkLine) -> Stroke {
    if link.intersects(direct) { Stroke::Solid } else { Stroke::Dashed }
}

/// What of a description fits into `DESCRIPTION` columns, with an ellipsis where something is missing.
fn cut(text: &str) -> String {
    if text.width() <= DESCRIPTION {
        return text.to_owned();
    }
    let mut width = 1;
    let fits = |c: &char| {
        width += c.width().unwrap_or(0);
        width <= DESCRIPTION
    };
    let mut shown: String = text.chars().take_while(fits).collect();
    shown.truncate(shown.trim_end().len());
    shown.push('…');
    shown
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
