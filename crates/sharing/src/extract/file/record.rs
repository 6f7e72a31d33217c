//! A record of a file, a log or a service: JSON members by name.

use serde_json::{Map, Value as Json};

use crate::extract::{Condition, Declaration, ExtractError, conditions::holds, staging::StagedRows, value::from_json};

/// A record becomes a row, or a reject, or is not among the chosen ones.
pub(in crate::extract) fn take(
    position: u64,
    fields: Map<String, Json>,
    declaration: &Declaration,
    rows: &mut StagedRows,
) -> Result<(), ExtractError> {
    chosen(position, fields, declaration, rows, |_, _| true)
}

/// As [`take`], of a record that was chosen before it was rejected: a condition on what was not kept with it held then.
pub(super) fn take_again(
    position: u64,
    fields: Map<String, Json>,
    declaration: &Declaration,
    rows: &mut StagedRows,
) -> Result<(), ExtractError> {
    chosen(position, fields, declaration, rows, |condition, fields| fields.contains_key(&condition.column))
}

fn chosen(
    position: u64,
    fields: Map<String, Json>,
    declaration: &Declaration,
    rows: &mut StagedRows,
    applies: impl Fn(&Condition, &Map<String, Json>) -> bool,
) -> Result<(), ExtractError> {
    for condition in &declaration.conditions {
        if !applies(condition, &fields) {
            continue;
        }
        match holds(condition, fields.get(&condition.column).unwrap_or(&Json::Null)) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(reason) => return rows.reject(position, Some(&condition.column), reason, fields),
        }
    }
    let mut values = Vec::with_capacity(declaration.columns.len());
    for column in &declaration.columns {
        match from_json(column.kind, fields.get(&column.name).unwrap_or(&Json::Null)) {
            Ok(value) => values.push(value),
            Err(reason) => return rows.reject(position, Some(&column.name), reason, fields),
        }
    }
    rows.row(&values)
}
