//! A page of operations as columns of Apache Arrow: one schema for every page, whatever the formats (`docs/specs/data.md`, "Columns").

use std::{
    collections::{BTreeMap, HashMap, btree_map::Entry},
    iter::Peekable,
    sync::{Arc, LazyLock},
    vec,
};

use alloy_primitives::B256;
use arrow_array::{ArrayRef, RecordBatch, StringArray, TimestampMillisecondArray, UInt32Array, UInt64Array};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit, extension::Json};
use chancery_data::{Operation, submission::Access};
use chancery_reference_points::{
    data_block::TransactionLocator,
    data_search::{DataOperation, OperationPlace},
};
use parquet::errors::ParquetError;

use crate::{problem::ApiResult, state::Shared, submission_proof::named};

/// What a file says about itself: the schema's name, and where the proof of a row is.
pub(super) const METADATA: [(&str, &str); 2] =
    [("chancery:schema", "operations-1"), ("chancery:proof", "/v1/submissions/{place}/{digest}/operations/{index}")];
/// About how many bytes of operations are turned into columns at once.
const BATCH_BYTES: usize = 256 * 1024;
pub(super) const TIME_ZONE: &str = "UTC";

/// Root of a data block and the transaction that records it.
type Recorded = (B256, TransactionLocator);

/// Why operations do not become columns. What was accepted always does: each is a broken invariant.
#[derive(Debug, thiserror::Error)]
pub(super) enum ColumnsError {
    /// What was accepted is no operation.
    #[error("the operation {} of place {} does not read", .0.index, .0.place)]
    Operation(OperationPlace),
    /// A time beyond what a time stamp in milliseconds holds.
    #[error("the time {0} ms")]
    Time(u64),
    /// The columns do not follow the schema, or cannot be encoded.
    #[error(transparent)]
    Arrow(#[from] ArrowError),
    /// The file cannot be written.
    #[error(transparent)]
    Parquet(#[from] ParquetError),
}

/// Batches of one schema, made as they are asked for.
pub(super) trait Columns: Iterator<Item = Result<RecordBatch, ColumnsError>> {
    /// The schema.
    fn schema(&self) -> SchemaRef;

    /// What a file says about itself, in its order.
    fn about(&self) -> &'static [(&'static str, &'static str)];
}

/// The columns of every page, in their order.
pub(super) fn schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        let always = |name, kind| Field::new(name, kind, false);
        let maybe = |name, kind| Field::new(name, kind, true);
        let time = || DataType::Timestamp(TimeUnit::Millisecond, Some(TIME_ZONE.into()));
        let fields = vec![
            always("place", DataType::UInt64),
            always("index", DataType::UInt32),
            always("acceptedAt", time()),
            always("source", DataType::Utf8),
            always("organization", DataType::Utf8),
            always("format", DataType::Utf8),
            always("formatVersion", DataType::UInt32),
            always("access", DataType::Utf8),
            always("name", DataType::Utf8),
            always("operation", DataType::Utf8),
            always("time", time()),
            maybe("subject", DataType::Utf8),
            maybe("previous", DataType::Utf8),
            maybe("description", DataType::Utf8),
            maybe("content", DataType::Utf8).with_extension_type(Json::default()),
            maybe("contentHash", DataType::Utf8),
            always("digest", DataType::Utf8),
            maybe("dataBlockRoot", DataType::Utf8),
            maybe("chain", DataType::Utf8),
            maybe("txHash", DataType::Utf8),
            maybe("blockNumber", DataType::UInt64),
            maybe("blockHash", DataType::Utf8),
        ];
        let metadata: HashMap<_, _> = METADATA.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        Arc::new(Schema::new_with_metadata(fields, metadata))
    });
    Arc::clone(&SCHEMA)
}

/// The batches of a page, made as they are asked for.
pub(super) struct Batches {
    operations: Peekable<vec::IntoIter<DataOperation>>,
    /// By place.
    recorded: BTreeMap<u64, Option<Recorded>>,
}

impl Batches {
    /// Asks of each submission of the page where its data block is recorded: everything that can be refused is refused here.
    pub(super) async fn of(shared: &Shared, operations: Vec<DataOperation>) -> ApiResult<Self> {
        let mut recorded = BTreeMap::new();
        for operation in &operations {
            let place = operation.at.place;
            if let Entry::Vacant(unasked) = recorded.entry(place) {
                unasked.insert(named(shared, place, operation.digest).await?.recorded);
            }
        }
        Ok(Self::new(operations, recorded))
    }

    fn new(operations: Vec<DataOperation>, recorded: BTreeMap<u64, Option<Recorded>>) -> Self {
        Self { operations: operations.into_iter().peekable(), recorded }
    }
}

impl Columns for Batches {
    fn schema(&self) -> SchemaRef {
        schema()
    }

    fn about(&self) -> &'static [(&'static str, &'static str)] {
        &METADATA
    }
}

impl Iterator for Batches {
    type Item = Result<RecordBatch, ColumnsError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (mut taken, mut bytes) = (Vec::new(), 0);
        while let Some(operation) = self.operations.next_if(|_| bytes < BATCH_BYTES) {
            bytes += operation.operation.len();
            taken.push(operation);
        }
        (!taken.is_empty()).then(|| batch(&taken, &self.recorded))
    }
}

/// A row: what the search found, what is written in it, and where it is recorded.
struct Row<'a> {
    found: &'a DataOperation,
    stated: Operation<'a>,
    recorded: Option<&'a Recorded>,
}

fn batch(
    operations: &[DataOperation],
    recorded: &BTreeMap<u64, Option<Recorded>>,
) -> Result<RecordBatch, ColumnsError> {
    let row = |found| row(found, recorded);
    let rows = operations.iter().map(row).collect::<Result<Vec<_>, _>>()?;
    let columns = vec![
        numbers(&rows, |row| Some(row.found.at.place)),
        Arc::new(UInt32Array::from_iter_values(rows.iter().map(|row| row.found.at.index))),
        times(rows.iter().map(|row| row.found.accepted_at))?,
        texts(&rows, |row| Some(format!("{:#x}", row.found.source))),
        texts(&rows, |row| Some(&row.found.organization)),
        texts(&rows, |row| Some(&row.found.format)),
        Arc::new(UInt32Array::from_iter_values(rows.iter().map(|row| row.found.format_version))),
        texts(&rows, |row| Some(class(row.found.access))),
        texts(&rows, |row| Some(row.found.name.to_string())),
        texts(&rows, |row| Some(&row.found.operation)),
        times(rows.iter().map(|row| row.stated.time))?,
        texts(&rows, |row| row.stated.subject.as_ref()),
        texts(&rows, |row| row.stated.previous.map(|name| name.to_string())),
        texts(&rows, |row| row.stated.description.as_ref()),
        texts(&rows, |row| row.stated.content.map(|content| content.get())),
        texts(&rows, |row| row.stated.content_hash.map(|hash| hash.to_string())),
        texts(&rows, |row| Some(row.found.digest.to_string())),
        texts(&rows, |row| row.recorded.map(|(root, _)| root.to_string())),
        texts(&rows, |row| row.recorded.map(|(_, locator)| &locator.chain.0)),
        texts(&rows, |row| row.recorded.map(|(_, locator)| locator.tx_hash.to_string())),
        numbers(&rows, |row| row.recorded.map(|(_, locator)| locator.block_number)),
        texts(&rows, |row| row.recorded.map(|(_, locator)| locator.block_hash.to_string())),
    ];
    Ok(RecordBatch::try_new(schema(), columns)?)
}

fn row<'a>(found: &'a DataOperation, recorded: &'a BTreeMap<u64, Option<Recorded>>) -> Result<Row<'a>, ColumnsError> {
    // The reason would quote the content.
    let stated = Operation::parse(found.operation.as_bytes()).map_err(|_| ColumnsError::Operation(found.at))?;
    Ok(Row { found, stated, recorded: recorded.get(&found.at.place).and_then(Option::as_ref) })
}

fn texts<'a, T: AsRef<str>>(rows: &'a [Row<'a>], of: impl Fn(&'a Row<'a>) -> Option<T>) -> ArrayRef {
    Arc::new(rows.iter().map(of).collect::<StringArray>())
}

fn numbers<'a>(rows: &'a [Row<'a>], of: impl Fn(&'a Row<'a>) -> Option<u64>) -> ArrayRef {
    Arc::new(rows.iter().map(of).collect::<UInt64Array>())
}

fn times(unix_ms: impl Iterator<Item = u64>) -> Result<ArrayRef, ColumnsError> {
    let signed = unix_ms.map(|time| i64::try_from(time).map_err(|_| ColumnsError::Time(time)));
    let signed = signed.collect::<Result<Vec<_>, _>>()?;
    Ok(Arc::new(TimestampMillisecondArray::from(signed).with_timezone(TIME_ZONE)))
}

const fn class(access: Access) -> &'static str {
    match access {
        Access::Public => "public",
        Access::Internal => "internal",
        Access::Restricted => "restricted",
    }
}

#[cfg(test)]
mod tests;
