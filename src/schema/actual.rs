use super::Schema;
use super::apply::Applier;
use crate::operation::{Body, Dialect, Later, Operation, OperationContext, OperationKind};
use crate::revision::RevisionIndex;

impl Schema {
    /// What these operations make of nothing: a schema that was read from a database, to be compared with a folded one. Who
    /// created its parts means nothing.
    pub fn made_by(operations: impl IntoIterator<Item = OperationKind>, dialect: Dialect) -> Self {
        let operation = |kind| Operation {
            kind,
            range: 0..0,
            statement: 0..0,
            sql: None,
            context: OperationContext::default(),
            later: Later::default(),
        };
        let body = Body { operations: operations.into_iter().map(operation).collect(), ..Body::default() };
        let mut schema = Self::default();
        Applier::new(&mut schema, dialect, RevisionIndex(0)).body(&body);
        schema
    }
}
