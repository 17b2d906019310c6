use ruff_python_ast::{Expr, Stmt};
use sha2::{Digest, Sha256};

/// Feeds a hasher with a tree; see the module's documentation for the form.
pub(super) struct Encoder {
    hasher: Sha256,
}

impl Encoder {
    /// An encoder that starts with the name of the form.
    pub(super) fn new(form: &str) -> Self {
        let mut encoder = Self { hasher: Sha256::new() };
        encoder.text(form);
        encoder
    }

    /// The hash of all that was written, in lower-case hexadecimal digits.
    pub(super) fn finish(self) -> String {
        super::hexadecimal(&self.hasher.finalize())
    }

    /// `(Kind field field …)`
    pub(super) fn node(&mut self, kind: &str, fields: impl FnOnce(&mut Self)) {
        self.open(kind);
        fields(self);
        self.close();
    }

    pub(super) fn open(&mut self, kind: &str) {
        self.hasher.update(b"(");
        self.text(kind);
    }

    pub(super) fn close(&mut self) {
        self.hasher.update(b")");
    }

    /// `[item item …]`
    pub(super) fn list<T>(&mut self, items: impl IntoIterator<Item = T>, mut one: impl FnMut(&mut Self, T)) {
        self.open_list();
        for item in items {
            one(self, item);
        }
        self.close_list();
    }

    pub(super) fn open_list(&mut self) {
        self.hasher.update(b"[");
    }

    pub(super) fn close_list(&mut self) {
        self.hasher.update(b"]");
    }

    /// `-` for nothing.
    pub(super) fn option<T>(&mut self, item: Option<T>, one: impl FnOnce(&mut Self, T)) {
        match item {
            Some(item) => one(self, item),
            None => self.hasher.update(b"-"),
        }
    }

    /// `3:abc`, the length in bytes.
    pub(super) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.hasher.update(format!("{}:", bytes.len()).as_bytes());
        self.hasher.update(bytes);
    }

    pub(super) fn flag(&mut self, flag: bool) {
        self.hasher.update(if flag { b"1" } else { b"0" });
    }

    /// Statements, without the docstring and without `pass`.
    pub(super) fn body(&mut self, body: &[Stmt], documents: Documents) {
        let body = match body {
            [Stmt::Expr(first), rest @ ..] if documents == Documents::Yes && first.value.is_string_literal_expr() => {
                rest
            }
            body => body,
        };
        self.list(body.iter().filter(|statement| !statement.is_pass_stmt()), Self::statement);
    }

    pub(super) fn expressions<'a>(&mut self, expressions: impl IntoIterator<Item = &'a Expr>) {
        self.list(expressions, Self::expression);
    }

    pub(super) fn maybe(&mut self, expression: Option<&Expr>) {
        self.option(expression, Self::expression);
    }
}

/// Whether a string at the beginning of a block is a docstring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Documents {
    /// Of a module, a class or a function.
    Yes,
    /// Of any other block.
    No,
}
