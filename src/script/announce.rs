/// Whether an announcement is silenced by `-q`, as Alembic does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkKind {
    /// `Generating FILE ...  done`: silenced.
    Work,
    /// `Generating FILE ...  done` of `init`, which forgets about `-q`.
    Unsilenced,
    /// `Running post write hook 'NAME' ...`, a line of its own, printed whatever `-q` says.
    Hook,
}

/// Where the texts go that Alembic prints while it writes files. Whoever implements it wraps lines and obeys `-q`, and must
/// have written everything before `work` runs: a hook prints to the same stream.
pub trait Announce {
    /// Alembic's `util.status`: `TEXT ...`, the work, `  done` or `  FAILED`.
    ///
    /// # Errors
    /// Those of the work.
    fn announced<T, E>(
        &mut self,
        kind: WorkKind,
        text: &str,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E>
    where
        Self: Sized;

    /// Alembic's `util.msg`, silenced by `-q`.
    fn message(&mut self, text: &str);

    /// The same where Alembic forgets about `-q`.
    fn unsilenced_message(&mut self, text: &str);
}

/// Keeps the texts as Alembic would print them with standard input not being a terminal.
#[cfg(test)]
#[derive(Debug, Default)]
pub(crate) struct Transcript(pub(crate) String);

#[cfg(test)]
impl Announce for Transcript {
    fn announced<T, E>(
        &mut self,
        kind: WorkKind,
        text: &str,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let end = if kind == WorkKind::Hook { "\n" } else { "" };
        self.0 += &format!("{text} ...{end}");
        let outcome = work(self);
        self.0 += if outcome.is_ok() { "  done\n" } else { "  FAILED\n" };
        outcome
    }

    fn message(&mut self, text: &str) {
        self.0 += &format!("{text}\n");
    }

    fn unsilenced_message(&mut self, text: &str) {
        self.message(text);
    }
}
