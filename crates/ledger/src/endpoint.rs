//! Where a node is, and the token that it is shown: `https://node.example#token-file=/etc/chancery/node.token`.
//!
//! A fragment is never sent (RFC 9110, section 4.2.5), so whatever takes the address of a node takes one with a token, and no secret stands in an
//! argument, a configuration or a log: the address names the file alone.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use alloy::transports::http::reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use url::Url;
use zeroize::Zeroizing;

/// What stands before the path of the file.
const TOKEN_FILE: &str = "token-file=";
/// Longest token, in bytes; a node's own has 64.
const MAX_TOKEN_BYTES: usize = 4_096;

/// Why the token of a node cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// Correct the address.
    #[error(
        "the address of a node ends with #token-file= and a whole path of letters, digits and . _ - /, or has no #; `{fragment}` is something else"
    )]
    Fragment {
        /// What follows `#`.
        fragment: String,
    },
    /// The file is not there, or cannot be read.
    #[error("cannot read the token of a node in {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others may have read it.
    #[error("{} may be read by others (mode {mode:o}): chmod 600 it, and make a new token if somebody may have read it", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The file holds something else.
    #[error("{} holds no token: one line of at most {MAX_TOKEN_BYTES} printable ASCII characters without spaces", path.display())]
    NoToken {
        /// The file.
        path: PathBuf,
    },
}

/// The address of a node, and the token that it asks for.
pub struct Endpoint {
    url: Url,
    token: Option<Zeroizing<String>>,
}

impl Endpoint {
    /// Reads the token in the file that an address names, if it names one.
    ///
    /// # Errors
    /// [`EndpointError`].
    pub fn read(address: &Url) -> Result<Self, EndpointError> {
        let mut url = address.clone();
        url.set_fragment(None);
        let token = address.fragment().map(|fragment| read_token(&path_of(fragment)?)).transpose()?;
        Ok(Self { url, token })
    }

    /// The address as it is asked.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// The token.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.token.as_ref().map(|token| token.as_str())
    }

    /// The header that shows it, where there is one.
    #[must_use]
    pub fn headers(&self) -> HeaderMap {
        let shown = self.token.as_ref().map(|token| Zeroizing::new(format!("Bearer {}", token.as_str())));
        let value = shown.and_then(|shown| HeaderValue::from_str(&shown).ok());
        value.into_iter().fold(HeaderMap::new(), |mut headers, mut value| {
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
            headers
        })
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

fn path_of(fragment: &str) -> Result<PathBuf, EndpointError> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte);
    fragment
        .strip_prefix(TOKEN_FILE)
        .filter(|path| path.bytes().all(is_plain))
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .ok_or_else(|| EndpointError::Fragment { fragment: fragment.to_owned() })
}

fn read_token(path: &Path) -> Result<Zeroizing<String>, EndpointError> {
    let unreadable = |source| EndpointError::Unreadable { path: path.to_owned(), source };
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
        if mode & 0o077 != 0 {
            return Err(EndpointError::Exposed { path: path.to_owned(), mode });
        }
    }
    let no_token = || EndpointError::NoToken { path: path.to_owned() };
    if !metadata.is_file() || metadata.len() > MAX_TOKEN_BYTES as u64 {
        return Err(no_token());
    }
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(unreadable)?);
    let token = text.trim();
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(no_token());
    }
    Ok(Zeroizing::new(token.to_owned()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn private(path: &Path, text: &str) {
        std::fs::write(path, text).unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    }

    #[test]
    fn the_address_names_the_file_of_the_token_and_is_asked_without_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("node.token");
        private(&path, "abc\n");
        let address: Url = format!("http://127.0.0.1:8545/#token-file={}", path.display()).parse().unwrap();
        let endpoint = Endpoint::read(&address).unwrap();
        assert_eq!((endpoint.url().as_str(), endpoint.token()), ("http://127.0.0.1:8545/", Some("abc")));
        assert_eq!(endpoint.headers()[AUTHORIZATION], "Bearer abc");
        let said = format!("{endpoint:?}{:?}", endpoint.headers());
        assert!(!said.contains("abc"), "{said}");
        let open = Endpoint::read(&"http://127.0.0.1:8545".parse().unwrap()).unwrap();
        assert!(open.token().is_none() && open.headers().is_empty());
    }

    #[test]
    fn a_file_that_is_exposed_or_holds_no_token_and_another_fragment_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("node.token");
        let read = || Endpoint::read(&format!("http://127.0.0.1#token-file={}", path.display()).parse().unwrap());
        assert!(matches!(read(), Err(EndpointError::Unreadable { .. })));
        for text in ["", "\n", "two words", "a\u{e9}", &"a".repeat(MAX_TOKEN_BYTES + 1)] {
            private(&path, text);
            assert!(matches!(read(), Err(EndpointError::NoToken { .. })), "{text:?}");
        }
        #[cfg(unix)]
        {
            private(&path, "abc");
            std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o640)).unwrap();
            assert!(matches!(read(), Err(EndpointError::Exposed { mode: 0o640, .. })));
        }
        for fragment in ["", "token", "token-file=", "token-file=node.token", "token-file=/a%20b"] {
            let refused = Endpoint::read(&format!("http://127.0.0.1#{fragment}").parse().unwrap());
            assert!(matches!(refused, Err(EndpointError::Fragment { .. })), "{fragment}");
        }
    }
}
