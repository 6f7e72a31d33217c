//! Conditions on the records of a file, as SQL has them: what is null or empty never holds.

use std::cmp::Ordering;

use serde_json::Value as Json;

use super::{
    ColumnType, Comparison, Condition, Literal,
    value::{Value, from_json},
};

/// Whether a condition holds for a field; the reason when they cannot be compared.
pub(super) fn holds(condition: &Condition, field: &Json) -> Result<bool, &'static str> {
    let order = match &condition.value {
        Literal::Boolean(wanted) => match from_json(ColumnType::Boolean, field)? {
            Value::Boolean(value) => value.cmp(wanted),
            _ => return Ok(false),
        },
        Literal::Integer(wanted) => match from_json(ColumnType::Integer, field)? {
            Value::Integer(value) => value.cmp(wanted),
            _ => return Ok(false),
        },
        Literal::Text(wanted) => match from_json(ColumnType::Text, field)? {
            Value::Text(value) => value.as_str().cmp(wanted),
            _ => return Ok(false),
        },
    };
    Ok(match condition.comparison {
        Comparison::Eq => order == Ordering::Equal,
        Comparison::Ne => order != Ordering::Equal,
        Comparison::Lt => order == Ordering::Less,
        Comparison::Le => order != Ordering::Greater,
        Comparison::Gt => order == Ordering::Greater,
        Comparison::Ge => order != Ordering::Less,
    })
}
