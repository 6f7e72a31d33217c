//! Where a broker is, who the city is there, and what of it must not be said in clear.

use std::{net::IpAddr, path::PathBuf};

use percent_encoding::percent_decode_str;
use url::Url;
use zeroize::Zeroizing;

use super::tls::Trust;
use crate::tls::secret_bytes;

/// The port of MQTT (IANA).
const DEFAULT_PORT: u16 = 1883;
/// The port of MQTT over TLS (IANA, secure-mqtt).
const DEFAULT_TLS_PORT: u16 = 8883;

/// Why this is no broker.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BrokerError {
    /// Not of the form. The text is not shown: it may hold a password.
    #[error(
        "the URL of a broker is mqtts://[USER[:PASSWORD]@]HOST[:PORT][?password-file=FILE&ca-file=FILE&certificate-file=FILE&key-file=FILE], or mqtt:// on this machine"
    )]
    Url,
    /// `mqtt://` to another machine.
    #[error(
        "the broker {0} is beyond this machine, and mqtt:// sends it everything in clear: write mqtts:// (and ?ca-file=FILE for an authority of its own), or use a tunnel on this machine"
    )]
    InClear(String),
    /// A part of the URL that needs another, or excludes it.
    #[error("the URL of a broker has {0}")]
    Parts(&'static str),
    /// A file that it names.
    #[error("a file in the URL of a broker: {0}")]
    File(String),
}

/// What a URL of a broker says.
pub(super) struct Address {
    /// As in the URL, so an address of IPv6 is in brackets.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) login: Option<(String, Zeroizing<String>)>,
    /// None in clear, which is for this machine.
    pub(super) trust: Option<Trust>,
}

/// What stands behind the question mark.
#[derive(Default)]
struct Files {
    password: Option<PathBuf>,
    authorities: Option<PathBuf>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
}

impl Files {
    fn of(url: &Url) -> Result<Self, BrokerError> {
        let mut files = Self::default();
        for (name, value) in url.query_pairs() {
            let file = match &*name {
                "password-file" => &mut files.password,
                "ca-file" => &mut files.authorities,
                "certificate-file" => &mut files.certificate,
                "key-file" => &mut files.key,
                _ => return Err(BrokerError::Url),
            };
            if value.is_empty() || file.replace(PathBuf::from(&*value)).is_some() {
                return Err(BrokerError::Url);
            }
        }
        Ok(files)
    }
}

impl Address {
    /// Reads a URL and the files that it names.
    pub(super) fn parse(url: &str) -> Result<Self, BrokerError> {
        let url = Url::parse(url).map_err(|_| BrokerError::Url)?;
        let is_encrypted = match url.scheme() {
            "mqtt" => false,
            "mqtts" => true,
            _ => return Err(BrokerError::Url),
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(BrokerError::Url)?;
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(BrokerError::Url);
        }
        let port = url.port().unwrap_or(if is_encrypted { DEFAULT_TLS_PORT } else { DEFAULT_PORT });
        if !is_encrypted && !is_this_machine(host) {
            return Err(BrokerError::InClear(format!("{host}:{port}")));
        }
        let files = Files::of(&url)?;
        let login = login(&url, files.password)?;
        let shown = match (files.certificate, files.key) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => return Err(BrokerError::Parts("certificate-file without key-file, or the other way round")),
        };
        let trust = if is_encrypted {
            Some(Trust::new(host, files.authorities, shown)?)
        } else if files.authorities.is_some() || shown.is_some() {
            return Err(BrokerError::Parts("files of TLS: they are for mqtts://"));
        } else {
            None
        };
        Ok(Self { host: host.to_owned(), port, login, trust })
    }
}

/// Who the city is at the broker; the password from a file that its owner alone may read, or from the URL.
fn login(url: &Url, file: Option<PathBuf>) -> Result<Option<(String, Zeroizing<String>)>, BrokerError> {
    let decode =
        |text: &str| percent_decode_str(text).decode_utf8().map(|text| text.into_owned()).map_err(|_| BrokerError::Url);
    let user = decode(url.username())?;
    let password = match (url.password(), file) {
        (Some(_), Some(_)) => return Err(BrokerError::Parts("a password and password-file: one of them is enough")),
        (Some(password), None) => Zeroizing::new(decode(password)?),
        (None, Some(file)) => {
            let bytes = secret_bytes(&file).map_err(|error| BrokerError::File(error.to_string()))?;
            let text = std::str::from_utf8(&bytes).unwrap_or_default().trim_end_matches(['\r', '\n']);
            if text.is_empty() {
                return Err(BrokerError::File(format!("{} holds no password", file.display())));
            }
            Zeroizing::new(text.to_owned())
        }
        (None, None) => Zeroizing::default(),
    };
    match user.as_str() {
        "" if password.is_empty() => Ok(None),
        "" => Err(BrokerError::Parts("a password and no user")),
        _ => Ok(Some((user, password))),
    }
}

/// Whether a host of a URL is this machine, by its name or its address.
fn is_this_machine(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse();
    host == "localhost" || address.is_ok_and(|address: IpAddr| address.is_loopback())
}
