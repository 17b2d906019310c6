//! Mako templates, as far as script templates use them. What is outside that subset is never guessed:
//! [`NeedsPython`] says so, and the caller lets the real Mako do it.

mod evaluate;
mod lexer;
mod names;
mod render;

pub use render::{NeedsPython, TemplateContext, encode, render};

#[cfg(test)]
mod tests;
