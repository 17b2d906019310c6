//! The few pieces of Python's text model that written files depend on: `repr`, `str`, `%` formatting, `shlex`, dates.

mod date;
mod percent;
mod shlex;
mod text;
mod value;

pub use date::{CreateDate, DateError};
pub use percent::{FormatError, FormatPart, format_parts, percent_format};
pub use shlex::{ShlexError, split as shlex_split};
pub use text::{is_word, repr_string};
pub use value::Value;
