//! How a page of a search is written.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Header of an answer that is no JSON: `after` of the next page, as JSON; absent on the last.
pub const NEXT_PAGE_HEADER: &str = "chancery-next";

/// How a page of a search is written. `docs/specs/data.md` has the columns of the last two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PageFormat {
    /// JSON.
    #[default]
    Json,
    /// RFC 4180, with a head; cells that a spreadsheet would compute begin with an apostrophe.
    Csv,
    /// A file of Apache Parquet, compressed with Snappy.
    Parquet,
    /// A stream of Apache Arrow's IPC format, not compressed.
    Arrow,
}

impl PageFormat {
    /// Every one, that first which somebody gets who likes several equally.
    pub const ALL: [Self; 4] = [Self::Json, Self::Csv, Self::Parquet, Self::Arrow];

    /// Its media type, as registered with IANA, without parameters.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv",
            Self::Parquet => "application/vnd.apache.parquet",
            Self::Arrow => "application/vnd.apache.arrow.stream",
        }
    }
}
