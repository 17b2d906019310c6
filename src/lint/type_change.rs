use crate::operation::{AlterColumn, ColumnType, EnumType, Operation, TypeKind};

use super::course::Course;

/// What changing the type of a column means for the values that are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypeChange {
    /// They stay as they are: only the catalogue changes.
    Kept,
    /// Every one fits, but PostgreSQL writes the table anew.
    Rewritten,
    /// As `Rewritten`, unless the session's time zone is UTC.
    RewrittenUnlessUtc,
    /// Not every one fits; which do not, as a phrase.
    Narrowed(String),
    /// A type is not known well enough.
    Unknown,
}

impl TypeChange {
    /// Between two types.
    pub fn between(old: &TypeKind, new: &TypeKind) -> Self {
        use TypeKind as T;
        if let Some(reason) = narrowing(old, new) {
            return Self::Narrowed(reason);
        }
        match (old, new) {
            (T::Unknown | T::Other(_), _) | (_, T::Unknown | T::Other(_)) => Self::Unknown,
            (T::Timestamp { timezone: old }, T::Timestamp { timezone: new }) if old != new => Self::RewrittenUnlessUtc,
            // One enum type keeps its values; the statement changes nothing.
            (T::Enum(old), T::Enum(new)) => match (old.is_native && new.is_native, &old.name, &new.name) {
                (true, old, new) if old == new => Self::Kept,
                (true, old, new) if old.known().is_some() && new.known().is_some() => Self::Rewritten,
                _ => Self::Unknown,
            },
            // Not native: a varchar as long as its longest value, or as `length` says.
            (T::Enum(one), _) | (_, T::Enum(one)) if !one.is_native => Self::Unknown,
            (T::Array(old), T::Array(new)) => match Self::between(&old.kind, &new.kind) {
                Self::RewrittenUnlessUtc => Self::Rewritten,
                change => change,
            },
            _ if keeps_values(old, new) => Self::Kept,
            _ => Self::Rewritten,
        }
    }

    /// By `ALTER COLUMN … TYPE`. Both what the call says of the old type and what the history knows are asked; where they disagree, what
    /// hurts less is right: a false alarm costs more trust than it is worth.
    pub fn of<'a>(course: Course<'a>, operation: &Operation, alter: &'a AlterColumn) -> Option<(Self, &'a ColumnType)> {
        let new = alter.type_.as_ref()?;
        let known = match (&alter.table, &alter.column) {
            (Some(table), Some(column)) => course.type_before(operation, table, column),
            _ => None,
        };
        let old = [alter.existing_type.as_ref(), known].into_iter().flatten();
        let changes = old.map(|old| (Self::between(&old.kind, &new.kind), old));
        changes.min_by_key(|(change, _)| change.rank())
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Kept => 0,
            Self::RewrittenUnlessUtc => 1,
            Self::Rewritten => 2,
            Self::Narrowed(_) => 3,
            Self::Unknown => 4,
        }
    }
}

/// Whether PostgreSQL takes the stored values as they are: binary coercible types, and lengths that only grow.
fn keeps_values(old: &TypeKind, new: &TypeKind) -> bool {
    use TypeKind as T;
    match (old, new) {
        _ if old == new => true,
        (T::Varchar { .. } | T::Text, T::Varchar { .. } | T::Text) => true,
        (T::Numeric { .. }, T::Numeric { precision: None, .. }) => true,
        (T::Numeric { scale: old, .. }, T::Numeric { scale: new, .. }) => old.unwrap_or(0) == new.unwrap_or(0),
        (T::Float { precision: old }, T::Float { precision: new }) => is_double(*old) == is_double(*new),
        _ => false,
    }
}

/// Which values do not fit in the new type; `None`: all do, or it is not known.
fn narrowing(old: &TypeKind, new: &TypeKind) -> Option<String> {
    use TypeKind as T;
    match (old, new) {
        (
            T::Varchar { .. } | T::Char { .. } | T::Text,
            T::Varchar { length: Some(new) } | T::Char { length: Some(new) },
        ) => {
            let is_shorter = *new < ANY_LENGTH && length(old).is_none_or(|old| old > *new);
            is_shorter.then(|| format!("values longer than {new} characters do not fit"))
        }
        (T::BigInteger, T::Integer | T::SmallInteger) | (T::Integer, T::SmallInteger) => {
            Some("large numbers do not fit".to_owned())
        }
        (T::Float { .. }, T::SmallInteger | T::Integer | T::BigInteger) => {
            Some("fractions are rounded away".to_owned())
        }
        (T::Float { precision: old }, T::Float { precision: new }) => {
            (is_double(*old) && !is_double(*new)).then(|| "numbers lose digits".to_owned())
        }
        (T::Numeric { precision, scale }, T::SmallInteger | T::Integer | T::BigInteger) => {
            let has_fractions = precision.is_none() || scale.is_some_and(|scale| scale > 0);
            has_fractions.then(|| "fractions are rounded away".to_owned())
        }
        (T::Numeric { precision: old, scale: old_scale }, T::Numeric { precision: Some(new), scale: new_scale }) => {
            narrower_numeric((*old, *old_scale), (*new, new_scale.unwrap_or(0)))
        }
        (T::Timestamp { .. }, T::Date) => Some("the time of day is lost".to_owned()),
        (T::Timestamp { .. }, T::Time { .. }) => Some("the date is lost".to_owned()),
        (T::SmallInteger | T::Integer | T::BigInteger | T::Numeric { .. }, T::Boolean) => {
            Some("numbers other than 0 and 1 do not fit".to_owned())
        }
        (T::Enum(old), T::Enum(new)) => missing_values(old, new),
        (T::Array(old), T::Array(new)) => narrowing(&old.kind, &new.kind),
        _ => None,
    }
}

/// From here on a length is no limit that anybody counts on, but a way to get one of MySQL's text types.
const ANY_LENGTH: u64 = 65_535;

fn length(kind: &TypeKind) -> Option<u64> {
    match kind {
        TypeKind::Varchar { length } => *length,
        // `char` alone is `char(1)`.
        TypeKind::Char { length } => Some(length.unwrap_or(1)),
        _ => None,
    }
}

/// `double precision`; a float of unknown precision is one.
fn is_double(precision: Option<u64>) -> bool {
    precision.is_none_or(|precision| precision > 24)
}

fn narrower_numeric(old: (Option<u64>, Option<u64>), new: (u64, u64)) -> Option<String> {
    let (digits, scale) = (new.0.saturating_sub(new.1), new.1);
    let Some(old_precision) = old.0 else { return Some(format!("more than {scale} decimal places are rounded away")) };
    let old_scale = old.1.unwrap_or(0);
    if old_scale > scale {
        return Some(match scale {
            0 => "fractions are rounded away".to_owned(),
            1 => "all but one decimal place is rounded away".to_owned(),
            _ => format!("more than {scale} decimal places are rounded away"),
        });
    }
    (old_precision.saturating_sub(old_scale) > digits)
        .then(|| format!("numbers with more than {digits} digits before the point do not fit"))
}

fn missing_values(old: &EnumType, new: &EnumType) -> Option<String> {
    // Alembic leaves a type alone that has the same name.
    if old.is_native && new.is_native && old.name == new.name {
        return None;
    }
    let (old, new) = (old.values.as_ref()?, new.values.as_ref()?);
    let gone: Vec<String> = old.iter().filter(|value| !new.contains(value)).map(|value| format!("`{value}`")).collect();
    match gone.as_slice() {
        [] => None,
        [one] => Some(format!("rows with {one} do not fit")),
        _ => Some(format!("rows with {} do not fit", gone.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn varchar(length: impl Into<Option<u64>>) -> TypeKind {
        TypeKind::Varchar { length: length.into() }
    }

    fn numeric(precision: u64, scale: u64) -> TypeKind {
        TypeKind::Numeric { precision: Some(precision), scale: Some(scale) }
    }

    fn is_narrowed(old: &TypeKind, new: &TypeKind) -> bool {
        matches!(TypeChange::between(old, new), TypeChange::Narrowed(_))
    }

    #[test]
    fn lengths_that_grow_keep_the_values() {
        for (old, new) in [
            (varchar(50), varchar(100)),
            (varchar(50), varchar(None)),
            (varchar(50), TypeKind::Text),
            (TypeKind::Text, varchar(None)),
            (numeric(10, 2), numeric(12, 2)),
            (numeric(10, 2), TypeKind::Numeric { precision: None, scale: None }),
        ] {
            assert_eq!(TypeChange::between(&old, &new), TypeChange::Kept, "{old:?} {new:?}");
        }
    }

    #[test]
    fn other_storage_is_rewritten() {
        for (old, new) in [
            (TypeKind::Integer, TypeKind::BigInteger),
            (varchar(50), TypeKind::Integer),
            (numeric(10, 2), numeric(12, 4)),
            (TypeKind::Char { length: Some(5) }, TypeKind::Text),
            (TypeKind::Json, TypeKind::Jsonb),
            (TypeKind::Date, TypeKind::Timestamp { timezone: false }),
        ] {
            assert_eq!(TypeChange::between(&old, &new), TypeChange::Rewritten, "{old:?} {new:?}");
        }
        let timestamp = |timezone| TypeKind::Timestamp { timezone };
        assert_eq!(TypeChange::between(&timestamp(false), &timestamp(true)), TypeChange::RewrittenUnlessUtc);
    }

    #[test]
    fn what_does_not_fit_is_narrowed() {
        assert!(is_narrowed(&varchar(100), &varchar(50)));
        assert!(is_narrowed(&TypeKind::Text, &varchar(50)));
        assert!(is_narrowed(&TypeKind::BigInteger, &TypeKind::Integer));
        assert!(is_narrowed(&numeric(12, 2), &numeric(10, 2)));
        assert!(is_narrowed(&numeric(12, 4), &numeric(12, 2)));
        assert!(is_narrowed(&numeric(18, 4), &TypeKind::Integer));
        assert!(is_narrowed(&TypeKind::Timestamp { timezone: true }, &TypeKind::Date));
        assert!(!is_narrowed(&numeric(10, 0), &TypeKind::BigInteger));
    }

    #[test]
    fn types_of_the_application_are_not_judged() {
        let own = TypeKind::Other("GUID".to_owned());
        assert_eq!(TypeChange::between(&own, &TypeKind::Uuid), TypeChange::Unknown);
        assert_eq!(TypeChange::between(&TypeKind::Unknown, &varchar(5)), TypeChange::Unknown);
    }
}
