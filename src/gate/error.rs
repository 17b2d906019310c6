use thiserror::Error;

/// Why a plan must not run.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GateError {
    /// Somebody would have to agree to it.
    #[error("{}", with_lines(heading, lines))]
    NeedsConsent {
        /// What the plan does.
        heading: String,
        /// In detail.
        lines: Vec<String>,
        /// The options that agree to it.
        options: Vec<&'static str>,
        /// The project's settings call this database production.
        is_production: bool,
    },
    /// Somebody was asked and said no.
    #[error("nothing was changed: the answer was no")]
    Declined,
    /// Ctrl-C at the question.
    #[error("nothing was changed: interrupted at the question")]
    Interrupted,
}

fn with_lines(heading: &str, lines: &[String]) -> String {
    let mut text = heading.to_owned();
    for line in lines {
        text.push_str("\n  ");
        text.push_str(line);
    }
    text
}
