use squawk_syntax::ast::{self, AstNode};
use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::reading::Statement;
use super::{names, routine};
use crate::operation::{EnumType, Name, ObjectKind, OperationKind};

/// Statements that create a named object: the statement, where its name stands, what it is.
const CREATIONS: &[(K, K, ObjectKind)] = &[
    (K::CREATE_VIEW, K::VIEW, ObjectKind::View),
    (K::CREATE_MATERIALIZED_VIEW, K::VIEW, ObjectKind::MaterializedView),
    (K::CREATE_FUNCTION, K::FUNCTION_NAME, ObjectKind::Function),
    (K::CREATE_PROCEDURE, K::PROCEDURE_NAME, ObjectKind::Procedure),
    (K::CREATE_TRIGGER, K::TRIGGER, ObjectKind::Trigger),
    (K::CREATE_SEQUENCE, K::SEQUENCE, ObjectKind::Sequence),
    (K::CREATE_DOMAIN, K::DOMAIN, ObjectKind::Domain),
    (K::CREATE_EXTENSION, K::EXTENSION, ObjectKind::Extension),
    (K::CREATE_POLICY, K::POLICY, ObjectKind::Policy),
    (K::CREATE_RULE, K::RULE, ObjectKind::Rule),
    (K::CREATE_ROLE, K::ROLE, ObjectKind::Role),
    (K::CREATE_USER, K::ROLE, ObjectKind::Role),
    (K::CREATE_FOREIGN_TABLE, K::TABLE_NAME, ObjectKind::Other),
    (K::CREATE_DATABASE, K::DATABASE, ObjectKind::Other),
];

/// Statements that drop named objects.
const REMOVALS: &[(K, K, ObjectKind)] = &[
    (K::DROP_VIEW, K::VIEW_REF, ObjectKind::View),
    (K::DROP_MATERIALIZED_VIEW, K::VIEW_REF, ObjectKind::MaterializedView),
    (K::DROP_FUNCTION, K::FUNCTION_NAME_REF, ObjectKind::Function),
    (K::DROP_PROCEDURE, K::PROCEDURE_NAME_REF, ObjectKind::Procedure),
    (K::DROP_TRIGGER, K::TRIGGER_REF, ObjectKind::Trigger),
    (K::DROP_SEQUENCE, K::SEQUENCE_REF, ObjectKind::Sequence),
    (K::DROP_DOMAIN, K::DOMAIN_REF, ObjectKind::Domain),
    (K::DROP_EXTENSION, K::EXTENSION_REF, ObjectKind::Extension),
    (K::DROP_POLICY, K::POLICY_REF, ObjectKind::Policy),
    (K::DROP_RULE, K::RULE_REF, ObjectKind::Rule),
    (K::DROP_ROLE, K::ROLE_REF, ObjectKind::Role),
    (K::DROP_USER, K::ROLE_REF, ObjectKind::Role),
    (K::DROP_FOREIGN_TABLE, K::TABLE_NAME_REF, ObjectKind::Other),
];

/// Statements that may rename or move an object: the statement, its name, where the new name stands, what it is.
const ALTERATIONS: &[(K, K, K, ObjectKind)] = &[
    (K::ALTER_VIEW, K::VIEW_REF, K::VIEW, ObjectKind::View),
    (K::ALTER_MATERIALIZED_VIEW, K::VIEW_REF, K::VIEW, ObjectKind::MaterializedView),
    (K::ALTER_INDEX, K::INDEX_REF, K::INDEX, ObjectKind::Index),
    (K::ALTER_SEQUENCE, K::SEQUENCE_REF, K::SEQUENCE, ObjectKind::Sequence),
    (K::ALTER_FUNCTION, K::FUNCTION_NAME_REF, K::FUNCTION_NAME, ObjectKind::Function),
    (K::ALTER_PROCEDURE, K::PROCEDURE_NAME_REF, K::PROCEDURE_NAME, ObjectKind::Procedure),
    (K::ALTER_TRIGGER, K::TRIGGER_REF, K::TRIGGER, ObjectKind::Trigger),
    (K::ALTER_DOMAIN, K::DOMAIN_REF, K::DOMAIN, ObjectKind::Domain),
    (K::ALTER_POLICY, K::POLICY_REF, K::POLICY, ObjectKind::Policy),
    (K::ALTER_SCHEMA, K::SCHEMA_REF, K::SCHEMA, ObjectKind::Schema),
];

/// Statements about objects that are not modelled further; false: it is none of them.
pub(super) fn read(statement: &SyntaxNode, out: &mut Statement) -> bool {
    let kind = statement.kind();
    if let Some((_, name, object)) = CREATIONS.iter().find(|(statement, ..)| *statement == kind) {
        out.push(OperationKind::CreateObject {
            object: *object,
            name: first(statement, *name),
            if_not_exists: names::has(statement, K::IF_NOT_EXISTS) || names::has(statement, K::OR_REPLACE),
        });
        leaves(statement, out);
        return true;
    }
    if let Some((_, name, object)) = REMOVALS.iter().find(|(statement, ..)| *statement == kind) {
        for node in statement.descendants().filter(|node| node.kind() == *name) {
            out.push(OperationKind::DropObject {
                object: *object,
                name: names::dotted(&node),
                if_exists: names::has(statement, K::IF_EXISTS),
                cascade: names::has(statement, K::CASCADE),
            });
        }
        return true;
    }
    ALTERATIONS.iter().find(|(statement, ..)| *statement == kind).is_some_and(|row| alteration(statement, row, out))
}

/// What runs when the object is used.
fn leaves(statement: &SyntaxNode, out: &mut Statement) {
    let function = ast::CreateFunction::cast(statement.clone()).and_then(|create| routine::function(&create));
    let routine = function
        .or_else(|| ast::CreateProcedure::cast(statement.clone()).and_then(|create| routine::procedure(&create)));
    let trigger = ast::CreateTrigger::cast(statement.clone()).and_then(|create| routine::trigger(&create));
    out.leaves(|later| {
        later.routine = routine.map(Box::new);
        later.trigger = trigger.map(Box::new);
    });
}

fn first(statement: &SyntaxNode, kind: K) -> Option<String> {
    names::dotted(&statement.descendants().find(|node| node.kind() == kind)?)
}

/// RENAME TO and SET SCHEMA; anything else is none of ours.
fn alteration(statement: &SyntaxNode, row: &(K, K, K, ObjectKind), out: &mut Statement) -> bool {
    let (_, name, new_name, object) = *row;
    let name = first(statement, name);
    if let Some(new_name) = first(statement, new_name) {
        out.push(OperationKind::RenameObject { object, name, new_name: Some(new_name) });
        return true;
    }
    let Some(set) = statement.descendants().find_map(ast::SetSchema::cast) else { return false };
    out.push(OperationKind::MoveObject { object, name, schema: names::last(set.schema_ref()) });
    true
}

/// `CREATE TYPE`: an enum, or another type.
pub(super) fn create_type(create: &ast::CreateType, out: &mut Statement) {
    let name = create.type_name().and_then(|name| names::qualified(name.syntax()));
    let Some(ast::CreateTypeKind::EnumType(written)) = create.kind() else {
        let name = name.map(|name| name.to_string());
        out.push(OperationKind::CreateObject { object: ObjectKind::Type, name, if_not_exists: false });
        return;
    };
    let values = written.variant_list().map(|list| {
        list.variants().filter_map(|variant| variant.literal().and_then(|value| value.string_value())).collect()
    });
    let enum_type = EnumType {
        schema: name.as_ref().and_then(|name| name.schema.clone()),
        name: name.map_or(Name::Unknown, |name| Name::Known(name.name)),
        values,
        creates_type: true,
        is_native: true,
        creates_constraint: false,
    };
    out.push(OperationKind::CreateEnum { enum_type, if_not_exists: false });
}

/// `DROP TYPE`: taken for an enum, which types in migrations are; with CASCADE, where columns go with it, an object.
pub(super) fn drop_type(drop: &ast::DropType, out: &mut Statement) {
    let if_exists = drop.if_exists().is_some();
    let cascade = names::has(drop.syntax(), K::CASCADE);
    for reference in drop.type_name_refs() {
        let Some(name) = names::qualified(reference.syntax()) else { continue };
        out.push(if cascade {
            OperationKind::DropObject { object: ObjectKind::Type, name: Some(name.to_string()), if_exists, cascade }
        } else {
            OperationKind::DropEnum { name: Name::Known(name.name), schema: name.schema, if_exists }
        });
    }
}

/// `DROP SCHEMA`
pub(super) fn drop_schema(drop: &ast::DropSchema, out: &mut Statement) {
    for schema in drop.schema_refs() {
        out.push(OperationKind::DropSchema {
            name: names::plain(schema.syntax()),
            if_exists: drop.if_exists().is_some(),
            cascade: names::has(drop.syntax(), K::CASCADE),
        });
    }
}
