//! Arguments of a city, wherever its chains run, and of a node.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{Entities, change};

#[derive(Debug, Args)]
pub(crate) struct Up {
    #[command(flatten)]
    pub(crate) services: Services,
    /// JSON-RPC port of the main chain; side chains take the next ones. 0 takes free ones.
    #[arg(long, value_name = "PORT", default_value_t = 8545)]
    pub(crate) rpc_base_port: u16,
    /// Validators of each chain, all in this process, when the city is new: 4 show how consensus behaves. A city that exists keeps what it has.
    #[arg(long, value_name = "N")]
    pub(crate) validators: Option<u16>,
    /// Found a new city with keys of its own by this file (`chancery network founding` writes one): its authorities, the ids of its chains, and where its key is. The city keeps it;
    /// later starts need it no more, and take another `[city]` section from it. Default: a development city, whose keys are public.
    #[arg(long, value_name = "FILE", conflicts_with = "two_operators")]
    pub(crate) founding: Option<PathBuf>,
    /// Kinds of changes that need two operators, when the city is new: organizations, keys, formats, services, access, quotas; separated by commas. It stands in the
    /// genesis of the main chain, and a city that exists keeps what it has. Default: none, one operator is enough.
    #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = change::kind)]
    pub(crate) two_operators: Vec<chancery_primitives::ChangeKind>,
}

#[derive(Debug, Args)]
pub(crate) struct RunGateway {
    /// Where the chains are: TOML with `founding`, the founding file, and for each chain `[[chains]]` with `name`, `rpc` (JSON-RPC of a node: https:// or wss://, on this machine also http:// and ws://) and `genesis`, its
    /// genesis file. Paths are relative to it. What the nodes say is verified by the genesis files, which the city keeps: it takes no other ones later.
    #[arg(long, value_name = "FILE")]
    pub(crate) chains: PathBuf,
    #[command(flatten)]
    pub(crate) services: Services,
}

/// What a city is told beside its chains.
#[derive(Debug, Args)]
pub(crate) struct Services {
    /// Where chains, databases and keys are kept. Made when it does not exist.
    #[arg(long, value_name = "DIR", default_value = "chancery-data", env = "CHANCERY_DATA_DIR")]
    pub(crate) data_dir: PathBuf,
    /// Address of the gateway and the web; port 0 takes a free one. Beyond this machine only with keys of its own and TLS.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080")]
    pub(crate) gateway: std::net::SocketAddr,
    /// Address where registered sources submit over MQTT (3.1.1 and 5); port 0 takes a free one. Default: 127.0.0.1:1883, or a free port if that is taken.
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) mqtt: Option<std::net::SocketAddr>,
    /// Speak TLS alone there (at 127.0.0.1:8883 by default): its certificate chain, PEM. Replaced files are taken within seconds.
    #[arg(long, value_name = "FILE", requires = "mqtt_tls_key")]
    pub(crate) mqtt_tls_certificate: Option<PathBuf>,
    /// The private key of that certificate, PEM, of mode 0600.
    #[arg(long, value_name = "FILE", requires = "mqtt_tls_certificate")]
    pub(crate) mqtt_tls_key: Option<PathBuf>,
    /// Address of gRPC; port 0 takes a free one. Default: 127.0.0.1:9090, or a free port if that is taken.
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) grpc: Option<std::net::SocketAddr>,
    /// An MQTT broker that others run: what registered sources publish there is submitted too. `mqtts://[USER@]HOST[:PORT]`, then `?` and, joined by `&`: `password-file=FILE` (of mode 0600),
    /// `ca-file=FILE` (its authorities, PEM; default: the system's), `certificate-file=FILE` and `key-file=FILE` (what the city shows). `mqtt://` in clear is for a broker of this machine. May be given several times.
    #[arg(
        long = "mqtt-broker",
        value_name = "URL",
        env = "CHANCERY_MQTT_BROKER",
        hide_env_values = true,
        value_delimiter = ' '
    )]
    pub(crate) mqtt_brokers: Vec<String>,
    /// Built web apps to serve (`cargo xtask web` builds them into web/dist).
    #[arg(long, value_name = "DIR", env = "CHANCERY_WEB_DIR")]
    pub(crate) web_dir: Option<PathBuf>,
    /// Identity database: `postgres://...` (of another machine with `?sslmode=verify-full`), or `sqlite:FILE`. Default: SQLite in the data directory.
    #[arg(long, value_name = "URL", env = "CHANCERY_DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
    /// The network of identity databases that this city's is one of (`docs/specs/persons.md`): a person is registered at one of its offices only.
    #[arg(long, value_name = "FILE")]
    pub(crate) persons: Option<PathBuf>,
    /// Whether the five entities run in this process, or each in one of its own that is started again when it ends.
    #[arg(long, value_enum, default_value_t, env = "CHANCERY_ENTITIES")]
    pub(crate) entities: Entities,
    /// Offer the doors of the five entities at sockets in the data directory also when they run in this process, as five processes offer theirs (`docs/specs/doors.md`): for
    /// programs of the same user on this machine.
    #[arg(long)]
    pub(crate) offer_doors: bool,
    #[command(flatten)]
    pub(crate) audit: AuditRate,
    /// An alliance whose requests are shown at /alliance: the file that `chancery relay` takes. Nothing is carried, and no key is needed but that of its [tls], where its `reporters` are asked over TLS what is said of requests before they have a number.
    #[arg(long, value_name = "FILE")]
    pub(crate) alliance: Option<PathBuf>,
    /// Certificate of the gateway (PEM, its authorities' after it): REST, web and gRPC over TLS 1.3. Replaced files are taken within seconds.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_certificate: Option<PathBuf>,
    /// Private key of that certificate (PEM), readable by its owner alone.
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Stop when standard input ends: for a program that starts a city and must not leave it behind.
    #[arg(long)]
    pub(crate) until_stdin_ends: bool,
    #[command(flatten)]
    pub(crate) traces: Traces,
    /// URL under which people reach the gateway, if it stands behind a proxy. It is what they sign in to.
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<String>,
}

impl Services {
    /// Certificate and key of the own MQTT listener, if it speaks TLS. One is not taken without the other.
    pub(crate) fn mqtt_tls(&self) -> Option<(&Path, &Path)> {
        self.mqtt_tls_certificate.as_deref().zip(self.mqtt_tls_key.as_deref())
    }
}

/// How fast the audit goes that nobody asks for.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct AuditRate {
    /// Most operations of registered sources that are audited in a second without anybody asking; 0 switches that off, that of the mailboxes too, and an audit that somebody asks for stays.
    #[arg(long, value_name = "N", default_value_t = 1000, env = "CHANCERY_AUDIT_OPERATIONS_PER_SECOND")]
    pub(crate) audit_operations_per_second: u32,
}

/// Where traces go.
#[derive(Debug, Args)]
pub(crate) struct Traces {
    /// OpenTelemetry collector that traces are sent to (OTLP over HTTP, such as http://127.0.0.1:4318/v1/traces).
    #[arg(long, value_name = "URL", env = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")]
    pub(crate) otlp_endpoint: Option<String>,
    /// The share of traces that is sent, from 0 to 1, where whoever asks has not decided it (`traceparent`).
    #[arg(long, value_name = "SHARE", default_value_t = 0.1, env = "OTEL_TRACES_SAMPLER_ARG")]
    pub(crate) otlp_sample: f64,
}

#[derive(Debug, Args)]
pub(crate) struct RunNode {
    /// The node's configuration (node.toml).
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    #[command(flatten)]
    pub(crate) traces: Traces,
    /// Stop when standard input ends: for a program that starts a node and must not leave it behind.
    #[arg(long)]
    pub(crate) until_stdin_ends: bool,
}
