use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// How a run is cut into waves: `1,10%,rest`. Sizes are of the tenants that there is something to do for; what the last part leaves is a
/// wave of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Waves(Vec<Part>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Count(usize),
    /// Of all tenants of the run, rounded up.
    Percent(usize),
    Rest,
}

/// A text that says nothing about waves.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("'{}' is not a list of waves such as '1,10%,rest': {reason}", text.escape_debug())]
pub struct WavesError {
    text: String,
    reason: &'static str,
}

impl Waves {
    /// The sizes of the waves of so many tenants; none is 0, and together they are all tenants.
    pub fn sizes(&self, tenants: usize) -> Vec<usize> {
        let mut left = tenants;
        let mut sizes = Vec::new();
        for part in self.0.iter().chain([&Part::Rest]) {
            let wanted = match part {
                Part::Count(count) => *count,
                Part::Percent(percent) => tenants.saturating_mul(*percent).div_ceil(100),
                Part::Rest => left,
            };
            let size = wanted.min(left);
            left -= size;
            sizes.extend((size > 0).then_some(size));
        }
        sizes
    }
}

impl FromStr for Waves {
    type Err = WavesError;

    fn from_str(text: &str) -> Result<Self, WavesError> {
        let fault = |reason| WavesError { text: text.to_owned(), reason };
        let mut parts = Vec::new();
        for word in text.split(',').map(str::trim) {
            if parts.last() == Some(&Part::Rest) {
                return Err(fault("nothing comes after 'rest'"));
            }
            let number = |digits: &str| match digits.parse() {
                _ if !digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                    Err(fault("a part is a number, 'N%' or 'rest'"))
                }
                Ok(0) => Err(fault("a wave has at least one tenant")),
                Ok(number) => Ok(number),
                Err(_) => Err(fault("a part is a number, 'N%' or 'rest'")),
            };
            parts.push(match (word, word.strip_suffix('%')) {
                ("rest", _) => Part::Rest,
                (_, Some(digits)) => match number(digits)? {
                    percent if percent <= 100 => Part::Percent(percent),
                    _ => return Err(fault("there is no more than 100%")),
                },
                (digits, None) => Part::Count(number(digits)?),
            });
        }
        Ok(Self(parts))
    }
}

/// As it was typed, without white space.
impl fmt::Display for Waves {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.0.iter().map(|part| match part {
            Part::Count(count) => count.to_string(),
            Part::Percent(percent) => format!("{percent}%"),
            Part::Rest => "rest".to_owned(),
        });
        f.write_str(&words.collect::<Vec<_>>().join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(text: &str, tenants: usize) -> Vec<usize> {
        text.parse::<Waves>().unwrap().sizes(tenants)
    }

    #[test]
    fn waves_are_of_all_tenants_and_leave_nobody_out() {
        assert_eq!(sizes("1,10%,rest", 1000), [1, 100, 899]);
        assert_eq!(sizes("1, 10%", 1000), [1, 100, 899]);
        assert_eq!(sizes("1,10%,rest", 3), [1, 1, 1]);
        assert_eq!(sizes("5,50%,rest", 3), [3]);
        assert_eq!(sizes("100%", 7), [7]);
        assert_eq!(sizes("rest", 0), [0; 0]);
        assert_eq!(Waves::default().sizes(4), [4]);
        assert_eq!(sizes("18446744073709551615,1%", 2), [2]);
    }

    #[test]
    fn what_is_no_list_of_waves_is_refused() {
        for text in ["", "0", "0%", "101%", "-1", "+1", "1,,2", "rest,1", "ten", "1;2", "%", "99999999999999999999"] {
            assert!(text.parse::<Waves>().is_err(), "{text}");
        }
        assert_eq!(
            "rest,1".parse::<Waves>().unwrap_err().to_string(),
            "'rest,1' is not a list of waves such as '1,10%,rest': nothing comes after 'rest'"
        );
        assert_eq!("1, 10% ,rest".parse::<Waves>().unwrap().to_string(), "1,10%,rest");
    }
}
