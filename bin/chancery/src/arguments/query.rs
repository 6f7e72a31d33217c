//! Queries over the data of registered sources: searched, added up, subscribed to.

use std::path::PathBuf;

use alloy_primitives::{Address, B256};
use clap::{Args, Subcommand, ValueEnum};

/// Which operations.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// With all of these words in description, subject or content.
    pub(crate) text: Option<String>,
    /// Only of this source; may be repeated.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) source: Vec<Address>,
    /// Only of this format; may be repeated.
    #[arg(long)]
    pub(crate) format: Vec<String>,
    /// Only about this subject.
    #[arg(long)]
    pub(crate) subject: Option<String>,
    /// Only with this member of the content; may be repeated.
    #[arg(long, value_name = "PATH=VALUE")]
    pub(crate) field: Vec<String>,
    /// Only with this number or time in the content, compared by >=, >, <= or <; may be repeated.
    #[arg(long, value_name = "PATH>=VALUE")]
    pub(crate) range: Vec<String>,
    /// From this time on, Unix milliseconds.
    #[arg(long, value_name = "MS")]
    pub(crate) from: Option<u64>,
    /// Before this time, Unix milliseconds.
    #[arg(long, value_name = "MS")]
    pub(crate) to: Option<u64>,
    /// The times are those of acceptance, not those that sources state.
    #[arg(long)]
    pub(crate) accepted: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Search {
    #[command(flatten)]
    pub(crate) which: Which,
    /// Oldest first.
    #[arg(long)]
    pub(crate) ascending: bool,
    /// In this order instead of that of acceptance: by time, acceptedAt, subject, or content. and the path of a member.
    #[arg(long, value_name = "FIELD:asc|desc", conflicts_with = "ascending")]
    pub(crate) sort: Option<String>,
    /// Operations of the page, 1 to 100.
    #[arg(long)]
    pub(crate) limit: Option<usize>,
    /// After this operation: `next` of the page before, with its key if it is sorted.
    #[arg(long, value_name = "PLACE.INDEX[:KEY]")]
    pub(crate) after: Option<String>,
    /// With the proof of each operation.
    #[arg(long, conflicts_with_all = ["csv", "parquet", "arrow"])]
    pub(crate) proofs: bool,
    /// As CSV.
    #[arg(long, conflicts_with_all = ["parquet", "arrow"])]
    pub(crate) csv: bool,
    /// The page as Apache Parquet, into this new file.
    #[arg(long, value_name = "FILE", conflicts_with = "arrow")]
    pub(crate) parquet: Option<PathBuf>,
    /// The page as a stream of Apache Arrow's IPC format, into this new file.
    #[arg(long, value_name = "FILE")]
    pub(crate) arrow: Option<PathBuf>,
    /// Only count, by day, format and source; everything.
    #[arg(long, conflicts_with_all = ["csv", "parquet", "arrow"])]
    pub(crate) count: bool,
}

/// A span of the calendar, in UTC.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Span {
    Hour,
    Day,
    Month,
    Year,
}

#[derive(Debug, Args)]
pub(crate) struct Aggregate {
    #[command(flatten)]
    pub(crate) which: Which,
    /// The member whose numbers are added up and compared, and what it is called in other formats.
    #[arg(long, value_name = "PATH[,FORMAT=PATH...]")]
    pub(crate) value: Option<String>,
    /// Group by this member; may be repeated.
    #[arg(long, value_name = "PATH[,FORMAT=PATH...]")]
    pub(crate) by: Vec<String>,
    /// Group by time.
    #[arg(long)]
    pub(crate) every: Option<Span>,
    /// The time is this member, a date or a date with a time.
    #[arg(long, value_name = "PATH[,FORMAT=PATH...]", requires = "every")]
    pub(crate) at: Option<String>,
    /// As CSV. What one answer does not hold goes on with --after; without --csv, --parquet and --arrow the parts are joined.
    #[arg(long, conflicts_with_all = ["parquet", "arrow"])]
    pub(crate) csv: bool,
    /// As Apache Parquet, into this new file.
    #[arg(long, value_name = "FILE", conflicts_with = "arrow")]
    pub(crate) parquet: Option<PathBuf>,
    /// As a stream of Apache Arrow's IPC format, into this new file.
    #[arg(long, value_name = "FILE")]
    pub(crate) arrow: Option<PathBuf>,
    /// After this operation: `next` of the part before.
    #[arg(long, value_name = "PLACE.INDEX")]
    pub(crate) after: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SubscriptionCommand {
    /// Keep a query: what is accepted from now on and matches it is delivered.
    Create {
        #[command(flatten)]
        which: Which,
        /// A name, for you.
        #[arg(long, default_value = "")]
        name: String,
        /// How many days it lasts, 1 to 366; 30 unless given.
        #[arg(long)]
        days: Option<u32>,
    },
    /// Show your subscriptions.
    List,
    /// Print what matches a subscription, as it comes, one operation a line. Each line has the cursor from which --after goes on.
    Follow {
        /// Its id.
        subscription: B256,
        /// From here on: the cursor of the last line that was dealt with. From the start of the subscription otherwise.
        #[arg(long, value_name = "PLACE.INDEX")]
        after: Option<String>,
        /// End when nothing more is there, instead of waiting.
        #[arg(long)]
        once: bool,
        /// Over one stream of server-sent events, instead of asking again and again.
        #[arg(long, conflicts_with = "once")]
        stream: bool,
    },
    /// End a subscription.
    Delete {
        /// Its id.
        subscription: B256,
    },
}
