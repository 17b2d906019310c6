use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Which failures end a run: no further tenant begins, those that run come to their end.
///
/// Without a word about it `max=1%`: one bad tenant of many does not keep the others waiting, a revision that fails everywhere ends the run
/// at the second failure, or at the eleventh of a wave of a thousand, and a first wave that fails altogether is the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnError {
    /// The first one.
    Stop,
    /// None.
    Continue,
    /// More than so many in the whole run.
    Max(usize),
    /// More than so many of a hundred tenants of the wave (rounded up), or all of it.
    MaxPercent(usize),
}

/// A text that says nothing about failures.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("'{}' is none of 'stop', 'continue', 'max=N' and 'max=N%'", text.escape_debug())]
pub struct OnErrorError {
    text: String,
}

/// The failures of a run so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Failures {
    /// In all waves.
    pub in_run: usize,
    /// In the wave that is under way.
    pub in_wave: usize,
    /// How many tenants that wave has.
    pub wave_size: usize,
}

impl OnError {
    /// Whether the run goes on after these.
    pub fn allows(self, failures: Failures) -> bool {
        let Failures { in_run, in_wave, wave_size } = failures;
        match self {
            Self::Continue => true,
            Self::Stop => in_run == 0,
            Self::Max(most) => in_run <= most,
            Self::MaxPercent(percent) => {
                let most = wave_size.saturating_mul(percent).div_ceil(100);
                in_wave <= most.min(wave_size.saturating_sub(1))
            }
        }
    }
}

impl Default for OnError {
    fn default() -> Self {
        Self::MaxPercent(1)
    }
}

impl FromStr for OnError {
    type Err = OnErrorError;

    fn from_str(text: &str) -> Result<Self, OnErrorError> {
        let fault = || OnErrorError { text: text.to_owned() };
        let number = |digits: &str| match digits.parse() {
            Ok(number) if digits.bytes().all(|byte| byte.is_ascii_digit()) => Ok(number),
            _ => Err(fault()),
        };
        match text.strip_prefix("max=").map(|most| (most, most.strip_suffix('%'))) {
            _ if text == "stop" => Ok(Self::Stop),
            _ if text == "continue" => Ok(Self::Continue),
            Some((_, Some(percent))) => match number(percent)? {
                percent if percent <= 100 => Ok(Self::MaxPercent(percent)),
                _ => Err(fault()),
            },
            Some((most, None)) => Ok(Self::Max(number(most)?)),
            None => Err(fault()),
        }
    }
}

/// As it is typed.
impl fmt::Display for OnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stop => f.write_str("stop"),
            Self::Continue => f.write_str("continue"),
            Self::Max(most) => write!(f, "max={most}"),
            Self::MaxPercent(percent) => write!(f, "max={percent}%"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(on_error: OnError, wave_size: usize) -> usize {
        let failures = |in_wave| Failures { in_run: in_wave, in_wave, wave_size };
        (0..=wave_size).take_while(|count| on_error.allows(failures(*count))).count() - 1
    }

    #[test]
    fn one_of_many_may_fail_and_a_whole_wave_may_not() {
        let default = OnError::default();
        assert_eq!([1, 2, 5, 100, 101, 1000].map(|size| allowed(default, size)), [0, 1, 1, 1, 2, 10]);
        assert_eq!(allowed(OnError::MaxPercent(100), 4), 3);
        assert_eq!(allowed(OnError::MaxPercent(0), 4), 0);
    }

    #[test]
    fn a_number_is_one_of_the_whole_run() {
        assert_eq!(allowed(OnError::Stop, 9), 0);
        assert_eq!(allowed(OnError::Max(3), 9), 3);
        assert_eq!(allowed(OnError::Continue, 9), 9);
        assert!(!OnError::Max(3).allows(Failures { in_run: 4, in_wave: 1, wave_size: 100 }));
    }

    #[test]
    fn texts_are_read_and_written() {
        for text in ["stop", "continue", "max=0", "max=12", "max=5%"] {
            assert_eq!(text.parse::<OnError>().unwrap().to_string(), text);
        }
        for text in ["", "max", "max=", "max=-1", "max=+1", "max=101%", "max=%", "Stop", "max=x"] {
            assert!(text.parse::<OnError>().is_err(), "{text}");
        }
    }
}
