use super::hosts::{SOCKET_DIRECTORIES, Server};

/// The password that a libpq password file holds for a connection (`passwordFromFile`): the first line whose four
/// fields match, where `*` matches anything and `\` quotes.
pub(super) fn password(text: &str, server: &Server, database: &str, user: &str) -> Option<String> {
    let host = if SOCKET_DIRECTORIES.contains(&server.host.as_str()) { "localhost" } else { &server.host };
    let port = server.port.to_string();
    let wanted = [host, port.as_str(), database, user];
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let (fields, password) = split_fields(line)?;
        let matches = fields.iter().zip(wanted).all(|(field, wanted)| match field.as_str() {
            "*" => true,
            field => unescape(field) == wanted,
        });
        matches.then(|| unescape(password))
    })
}

/// The first four fields as written, and the rest of the line.
fn split_fields(line: &str) -> Option<([String; 4], &str)> {
    let mut fields: [String; 4] = Default::default();
    let mut rest = line;
    for field in &mut fields {
        let mut escaped = false;
        let end = rest.char_indices().find_map(|(at, c)| {
            if c == ':' && !escaped {
                return Some(at);
            }
            escaped = c == '\\' && !escaped;
            None
        })?;
        *field = rest[..end].to_owned();
        rest = &rest[end + 1..];
    }
    Some((fields, rest))
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.extend(chars.next()),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(host: &str) -> Server {
        Server { host: host.into(), hostaddr: None, port: 5432 }
    }

    #[test]
    fn the_first_matching_line_counts() {
        let text = "# comment\nother:*:*:*:no\ndb:5432:app:me:yes\n*:*:*:*:late\n";
        assert_eq!(password(text, &server("db"), "app", "me").as_deref(), Some("yes"));
        assert_eq!(password(text, &server("db"), "app", "you").as_deref(), Some("late"));
    }

    #[test]
    fn a_default_socket_is_localhost_and_escapes_are_undone() {
        let text = r"localhost:*:a\:b:me:p\\w\:d";
        assert_eq!(password(text, &server("/tmp"), "a:b", "me").as_deref(), Some(r"p\w:d"));
        assert_eq!(password(text, &server("/elsewhere"), "a:b", "me"), None);
    }
}
