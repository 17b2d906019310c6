//! How a report is written, one file a format.

mod concise;

pub use concise::concise;
