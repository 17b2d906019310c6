use super::{Bundle, BundleError, BundledRevision, Way};
use crate::plan::Direction;

/// What is different in a bundle that was built anew, each a sentence; none if both are the same.
///
/// # Errors
/// A file that cannot be read any more.
pub fn differences(old: &Bundle, new: &Bundle) -> Result<Vec<String>, BundleError> {
    if old.sha256 == new.sha256 {
        return Ok(Vec::new());
    }
    let mut found = of_manifests(old, new);
    let of = |bundle: &Bundle, id: &str| bundle.revisions.iter().find(|revision| revision.revision == id).cloned();
    for revision in &old.revisions {
        match of(new, &revision.revision) {
            None => found.push(format!("revision {} is in the bundle, and has no file", revision.revision)),
            Some(other) => {
                found.extend(of_revisions(revision, &other));
                for direction in [Direction::Upgrade, Direction::Downgrade] {
                    found.extend(of_steps(old, new, &revision.revision, direction)?);
                }
            }
        }
    }
    let added = new.revisions.iter().filter(|revision| of(old, &revision.revision).is_none());
    found.extend(added.map(|revision| format!("revision {} is not in the bundle", revision.revision)));
    if found.is_empty() {
        found.push("the revisions are in another order".to_owned());
    }
    Ok(found)
}

fn of_manifests(old: &Bundle, new: &Bundle) -> Vec<String> {
    let texts = |bundle: &Bundle| match serde_json::to_value(&bundle.manifest) {
        Ok(serde_json::Value::Object(object)) => object,
        _ => serde_json::Map::new(),
    };
    let (before, now) = (texts(old), texts(new));
    let keys = before.keys().chain(now.keys().filter(|key| !before.contains_key(*key)));
    let nothing = serde_json::Value::Null;
    keys.filter_map(|key| {
        let (was, is) = (before.get(key).unwrap_or(&nothing), now.get(key).unwrap_or(&nothing));
        (was != is).then(|| format!("{key} is {is} now, and was {was}"))
    })
    .collect()
}

fn of_revisions(old: &BundledRevision, new: &BundledRevision) -> Vec<String> {
    let id = &old.revision;
    let mut found = Vec::new();
    if old.declared() != new.declared() {
        found.push(format!("revision {id} has another place in the history"));
    }
    if old.meaning != new.meaning {
        found.push(format!("revision {id}: its file {} means something else", new.path.display()));
    } else if old.sha256 != new.sha256 {
        found.push(format!("revision {id}: its file {} is another one, and means the same", new.path.display()));
    }
    if old.path != new.path {
        found.push(format!("revision {id}: its file was {}, and is {}", old.path.display(), new.path.display()));
    }
    if old.findings != new.findings {
        found.push(format!("revision {id}: other findings of `limbec validate`"));
    }
    for direction in [Direction::Upgrade, Direction::Downgrade] {
        let name = direction.name();
        match (old.way(direction), new.way(direction)) {
            (was, is) if was == is => {}
            (Way::Python { .. }, Way::Python { reason }) => {
                found.push(format!("{name} of {id} needs Python for another reason: {reason}"));
            }
            (_, Way::Python { reason }) => found.push(format!("{name} of {id} needs Python now: {reason}")),
            (Way::Python { .. }, _) => found.push(format!("{name} of {id} can be rendered now")),
            (_, Way::File { path, .. }) => {
                found.push(format!("{name} of {id}: its file {} is another one", path.display()));
            }
            // The statements are compared one by one.
            _ => {}
        }
    }
    found
}

fn of_steps(old: &Bundle, new: &Bundle, id: &str, direction: Direction) -> Result<Option<String>, BundleError> {
    let (was, is) = (old.recorded(id, direction)?, new.recorded(id, direction)?);
    if was == is {
        return Ok(None);
    }
    let number = was.iter().zip(&is).position(|(was, is)| was != is).unwrap_or(was.len().min(is.len()));
    let excerpt = |statements: &[String]| match statements.get(number) {
        Some(sql) => sql.split_whitespace().take(8).collect::<Vec<_>>().join(" "),
        None => "nothing".to_owned(),
    };
    Ok(Some(format!(
        "{} of {id} sends something else: statement {} is `{}`, and was `{}`",
        direction.name(),
        number + 1,
        excerpt(&is),
        excerpt(&was)
    )))
}
