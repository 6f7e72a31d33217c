//! Sealed messages between organizations.

use std::path::PathBuf;

use alloy_primitives::{Address, B256};
use chancery_messages::statement::WithoutGenesis;
use clap::{Args, Subcommand};

use super::TrustedMain;

#[derive(Debug, Subcommand)]
pub(crate) enum MessageCommand {
    /// Publish the key that others seal messages to, as a transaction of your key to the main chain. Once, and again before it ends.
    PublishKey {
        /// For how many days it holds; 0 ends it.
        #[arg(long, default_value_t = 365)]
        days: u64,
        #[command(flatten)]
        chain: TrustedMain,
    },
    /// Seal a file to an organization and deposit it. The receiver's key is proven by the main chain.
    Send(SendMessage),
    /// Deliver a message that your city has recorded and the receiver's city has not taken yet. For 7 days after it was sent.
    Deliver {
        /// The message.
        message: B256,
        #[command(flatten)]
        to: DeliverTo,
        #[command(flatten)]
        chain: TrustedMain,
    },
    /// List what you have received, oldest first.
    Inbox {
        /// What you have sent instead.
        #[arg(long)]
        sent: bool,
        /// Most rows, 1 to 100.
        #[arg(long)]
        limit: Option<usize>,
        /// Where the last page ended.
        #[arg(long)]
        cursor: Option<String>,
    },
    /// Open a message that you have received or sent, with its deposit verified.
    Read(ReadMessage),
    /// Say, on the chain, that you have received a message and can read it.
    Acknowledge(AcknowledgeMessage),
    /// Fetch the proof of a message's deposit and receipt, for `chancery verify`.
    Receipt {
        /// The message.
        message: B256,
        /// Where the proof is written, readable by you alone; must not exist.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// The gateway of the receiver's city, for a message to another city: its receipt is there.
        #[arg(long, value_name = "URL")]
        in_city: Option<String>,
    },
}

/// The receiver's city.
#[derive(Debug, Args)]
pub(crate) struct DeliverTo {
    /// Its gateway.
    #[arg(id = "delivered_to", long = "to-city", value_name = "URL")]
    pub(crate) url: String,
}

/// The receiver's city, where it is another than yours.
#[derive(Debug, Args)]
pub(crate) struct OtherCity {
    /// The gateway of the receiver's city, if that is another than yours. Its word counts for nothing: keys are proven by its chain.
    #[arg(id = "other_url", long = "to-city", value_name = "URL", requires = "other_genesis")]
    pub(crate) url: Option<String>,
    /// The genesis file of that city's main chain.
    #[arg(id = "other_genesis", long = "to-city-genesis", value_name = "FILE", requires = "other_url")]
    pub(crate) genesis: Option<PathBuf>,
    /// JSON-RPC endpoint of a node of that chain; what it says is verified. Default: the one that the city's gateway names.
    #[arg(id = "other_rpc", long = "to-city-rpc", value_name = "URL", requires = "other_url")]
    pub(crate) rpc: Option<String>,
}

/// The sender's city, where it is another than yours.
#[derive(Debug, Args)]
pub(crate) struct SenderCity {
    /// The genesis file of the main chain of the sender's city, for a message of another city.
    #[arg(id = "sender_genesis", long = "from-city-genesis", value_name = "FILE")]
    pub(crate) genesis: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct SendMessage {
    /// The file that is sent; `-` reads standard input. At most 384 KiB.
    pub(crate) file: PathBuf,
    /// The organization that receives it.
    #[arg(long, value_name = "CODE")]
    pub(crate) to: String,
    /// Its key. Default: the only one that may receive messages.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) to_key: Option<Address>,
    /// Your organization. Default: the only one that your key may send for.
    #[arg(long, value_name = "CODE")]
    pub(crate) from: Option<String>,
    /// What it is about. Sealed like the rest.
    #[arg(long, default_value = "")]
    pub(crate) subject: String,
    /// Media type of the file.
    #[arg(long = "type", value_name = "TYPE", default_value = "application/octet-stream")]
    pub(crate) media_type: String,
    /// The message that this one answers.
    #[arg(long, value_name = "MESSAGE")]
    pub(crate) in_reply_to: Option<B256>,
    /// The receiver's X25519 key (64 hexadecimal digits), known from elsewhere: it is used instead of the one on the chain.
    #[arg(long, value_name = "HEX")]
    pub(crate) to_encryption_key: Option<B256>,
    #[command(flatten)]
    pub(crate) city: OtherCity,
    #[command(flatten)]
    pub(crate) chain: TrustedMain,
}

#[derive(Debug, Args)]
pub(crate) struct ReadMessage {
    /// The message.
    pub(crate) message: B256,
    /// Where the content is written, readable by you alone; must not exist.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) version_1: Version1,
    #[command(flatten)]
    pub(crate) sender: SenderCity,
    #[command(flatten)]
    pub(crate) chain: TrustedMain,
}

#[derive(Debug, Args)]
pub(crate) struct AcknowledgeMessage {
    /// The message.
    pub(crate) message: B256,
    #[command(flatten)]
    pub(crate) version_1: Version1,
    #[command(flatten)]
    pub(crate) sender: SenderCity,
    #[command(flatten)]
    pub(crate) chain: TrustedMain,
}

/// What becomes of messages that name their chain by its id alone.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Version1 {
    /// Take a message that names no genesis (version 1). Another city whose chain has the same id could show it too: only if you know from elsewhere that it was sent here.
    #[arg(long)]
    accept_version_1: bool,
}

impl From<Version1> for WithoutGenesis {
    fn from(given: Version1) -> Self {
        if given.accept_version_1 { Self::Accepted } else { Self::Refused }
    }
}
