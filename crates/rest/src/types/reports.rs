//! `/v1/reports`: what the city did in a period, in numbers (S-APP, C-FEE). No content, no holder and no certificate is named.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Example, certificates::Outcome, example_address, example_time};
use crate::values::{HexAddress, Timestamp};

/// Operations of registered sources that were accepted on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AcceptedCount {
    /// The day, UTC.
    #[schema(example = "2026-11-21")]
    pub day: String,
    /// The format.
    #[schema(example = "reading/air-quality")]
    pub format: String,
    /// The source.
    pub source: HexAddress,
    /// How many.
    #[schema(example = 1461)]
    pub count: u64,
}

/// What happened to certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CertificateChange {
    /// Issued; a renewal issues a new one.
    Issued,
    /// Another one took its place.
    Renewed,
    /// Put on hold.
    Suspended,
    /// In force again.
    Resumed,
    /// Revoked.
    Revoked,
}

/// How certificates stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// In force.
    Valid,
    /// On hold.
    Suspended,
    /// Out of force for ever.
    Revoked,
    /// Another one has taken its place.
    Renewed,
    /// Past its end.
    Expired,
    /// Not yet in force.
    NotYetValid,
}

/// Changes of certificates of a kind on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CertificateCount {
    /// The day, UTC.
    #[schema(example = "2026-11-21")]
    pub day: String,
    /// Certificate kind.
    #[schema(example = "degree")]
    pub kind: String,
    /// What happened.
    pub change: CertificateChange,
    /// How often.
    #[schema(example = 12)]
    pub count: u64,
}

/// Certificates of a kind at the end of the period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StandingCount {
    /// Certificate kind.
    #[schema(example = "degree")]
    pub kind: String,
    /// How they stand.
    pub standing: Standing,
    /// How many.
    #[schema(example = 480)]
    pub count: u64,
}

/// Recorded inspections of a kind on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InspectionCount {
    /// The day, UTC.
    #[schema(example = "2026-11-21")]
    pub day: String,
    /// Certificate kind.
    #[schema(example = "degree")]
    pub kind: String,
    /// What was found.
    pub outcome: Outcome,
    /// How many.
    #[schema(example = 7)]
    pub count: u64,
}

/// Recorded inspections of one inspector in the period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InspectorCount {
    /// Who inspected.
    pub inspector: HexAddress,
    /// Code of the organization for which it inspected.
    #[schema(example = "11440300007542689X")]
    pub organization: String,
    /// How many.
    #[schema(example = 31)]
    pub count: u64,
}

/// What happened to a shared resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SharingEvent {
    /// A version was published.
    Published,
    /// Access was asked for.
    Requested,
    /// Its owner said yes.
    Approved,
    /// Its owner said no.
    Refused,
    /// The key was handed out.
    Granted,
    /// A grant was ended.
    Ended,
}

/// What happened to a shared resource on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SharingCount {
    /// The day, UTC.
    #[schema(example = "2026-11-21")]
    pub day: String,
    /// The resource; its 32 bytes as hexadecimal digits where it was registered under what is no name.
    #[schema(example = "weather-daily")]
    pub resource: String,
    /// What happened.
    pub event: SharingEvent,
    /// How often.
    #[schema(example = 2)]
    pub count: u64,
}

/// A further name of an asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SharingAlias {
    /// The name.
    #[schema(example = "weather")]
    pub resource: String,
    /// The one under which its events are counted.
    #[schema(example = "weather-daily")]
    pub of: String,
}

/// The answer of `GET /v1/reports/activity`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActivityReport {
    /// From this time on.
    pub from: Timestamp,
    /// Before this time.
    pub to: Timestamp,
    /// When it was made.
    pub made_at: Timestamp,
    /// Accepted operations. What is accepted counts for whole days: those that the period touches.
    pub operations: Vec<AcceptedCount>,
    /// Changes of certificates.
    pub certificates: Vec<CertificateCount>,
    /// How certificates stand at the end of the period, or now if that is still to come.
    pub standing: Vec<StandingCount>,
    /// Inspections by day, kind and outcome.
    pub inspections: Vec<InspectionCount>,
    /// Inspections by inspector (C-FEE).
    pub inspectors: Vec<InspectorCount>,
    /// How many names of resources the directory has had, withdrawn ones among them.
    #[schema(example = 3)]
    pub resources: u64,
    /// Requests, grants and versions of shared resources.
    pub sharing: Vec<SharingCount>,
    /// Resources of which older events are missing, because they have more than are read.
    pub cut: Vec<String>,
    /// Resources that not everybody may see, or that were withdrawn: what is published from this report leaves them out.
    pub restricted: Vec<String>,
    /// Further names of assets that are counted once, under their first name.
    pub aliases: Vec<SharingAlias>,
    /// Whether the directory has more resources than are counted here.
    pub more: bool,
    /// Chains that did not answer: what is recorded there is not counted.
    pub unreachable: Vec<String>,
}

/// In which form open data are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OpenDataFormat {
    /// JSON.
    Json,
    /// CSV (RFC 4180), with a head.
    Csv,
}

impl OpenDataFormat {
    /// All, the preferred first.
    pub const ALL: [Self; 2] = [Self::Json, Self::Csv];

    /// The media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv",
        }
    }
}

/// A number that everybody may have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpenDataRow {
    /// The day, UTC; of what stands at a time, the last of the period.
    #[schema(example = "2026-11-21")]
    pub day: String,
    /// `operations`, `certificates`, `standing`, `inspections` or `sharing`.
    #[schema(example = "operations")]
    pub topic: String,
    /// Format, certificate kind or resource.
    #[schema(example = "reading/air-quality")]
    pub name: String,
    /// What happened, or how it stands.
    #[schema(example = "accepted")]
    pub event: String,
    /// How many.
    #[schema(example = 1461)]
    pub count: u64,
}

/// The answer of `GET /v1/reports/open-data` as JSON: a report of a period without any address, and without resources that not everybody may see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpenData {
    /// From this time on.
    pub from: Timestamp,
    /// Before this time.
    pub to: Timestamp,
    /// When it was made.
    pub made_at: Timestamp,
    /// Whether everything was counted: all chains answered, and no resource was left out for their number.
    pub whole: bool,
    /// The numbers.
    pub rows: Vec<OpenDataRow>,
}

impl Example for OpenData {
    fn example() -> Self {
        let row = OpenDataRow {
            day: "2026-11-21".into(),
            topic: "operations".into(),
            name: "reading/air-quality".into(),
            event: "accepted".into(),
            count: 1461,
        };
        Self { from: example_time(), to: example_time(), made_at: example_time(), whole: true, rows: vec![row] }
    }
}

impl Example for ActivityReport {
    fn example() -> Self {
        let (day, kind) = (|| "2026-11-21".to_owned(), || "degree".to_owned());
        Self {
            from: example_time(),
            to: example_time(),
            made_at: example_time(),
            operations: vec![AcceptedCount {
                day: day(),
                format: "reading/air-quality".into(),
                source: example_address(),
                count: 1461,
            }],
            certificates: vec![CertificateCount {
                day: day(),
                kind: kind(),
                change: CertificateChange::Issued,
                count: 12,
            }],
            standing: vec![StandingCount { kind: kind(), standing: Standing::Valid, count: 480 }],
            inspections: vec![InspectionCount { day: day(), kind: kind(), outcome: Outcome::Valid, count: 7 }],
            inspectors: vec![InspectorCount {
                inspector: example_address(),
                organization: "11440300007542689X".into(),
                count: 31,
            }],
            resources: 3,
            sharing: vec![SharingCount {
                day: day(),
                resource: "weather-daily".into(),
                event: SharingEvent::Granted,
                count: 2,
            }],
            cut: Vec::new(),
            restricted: vec!["weather".into()],
            aliases: vec![SharingAlias { resource: "weather".into(), of: "weather-daily".into() }],
            more: false,
            unreachable: Vec::new(),
        }
    }
}
