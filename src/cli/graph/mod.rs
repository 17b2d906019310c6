//! The revision graph as a drawing, newest revision on top, whatever the format: `history` is what is drawn, and every
//! format is a function from it to text.

mod dot;
mod history;
mod lanes;
mod mermaid;
mod svg;
mod tables;
mod text;

pub(super) use dot::dot;
pub(super) use history::{EdgeKind, HistoryGraph};
pub(super) use mermaid::{Limit, mermaid, mermaid_limit};
pub(super) use svg::{figure, svg};
pub(super) use tables::TableChanges;
pub(super) use text::{Lines, text};
