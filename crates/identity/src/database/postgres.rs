//! How PostgreSQL is reached. Real names are in it: beyond this machine it is spoken to only after it has shown a certificate for its host.

use std::net::IpAddr;

use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::error::{IdentityError, IdentityResult};

/// What a URL says; on this machine without TLS where it says nothing of that.
///
/// # Errors
/// `UnknownDatabase`, `UnverifiedDatabase`.
pub(super) fn options(url: &str) -> IdentityResult<PgConnectOptions> {
    let options: PgConnectOptions =
        url.parse().map_err(|_| IdentityError::UnknownDatabase("this postgres URL".into()))?;
    match options.get_ssl_mode() {
        PgSslMode::VerifyFull => Ok(options),
        _ if !stays_here(&options) => Err(IdentityError::UnverifiedDatabase),
        PgSslMode::Prefer => Ok(options.ssl_mode(PgSslMode::Disable)),
        _ => Ok(options),
    }
}

/// Whether a connection stays on this machine: by a socket, or by the address.
fn stays_here(options: &PgConnectOptions) -> bool {
    let host = options.get_host();
    let address = host.trim_matches(['[', ']']).parse();
    options.get_socket().is_some()
        || host.starts_with('/')
        || host == "localhost"
        || address.is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // M-SEC
    #[test]
    fn a_database_beyond_this_machine_has_to_show_who_it_is() {
        for url in [
            "postgres://city:secret@db.example/identity",
            "postgres://city:secret@db.example/identity?sslmode=disable",
            "postgres://city:secret@10.0.0.8/identity?sslmode=prefer",
            "postgres://city:secret@10.0.0.8/identity?sslmode=require",
            // Of an authority that is trusted, and of any host.
            "postgres://city:secret@db.example/identity?sslmode=verify-ca&sslrootcert=ca.pem",
            "postgres://city:secret@[fd00::1]/identity",
            "postgres://city:secret@localhost/identity?host=db.example",
            "postgres://city:secret@127.0.0.1/identity?hostaddr=10.0.0.8",
            "postgres://city:secret@localhost.example/identity",
        ] {
            let refused = options(url).unwrap_err();
            assert!(matches!(refused, IdentityError::UnverifiedDatabase), "{url}: {refused}");
            let said = refused.to_string();
            assert!(said.contains("sslmode=verify-full") && !said.contains("secret"), "{said}");
        }
        let verified = options("postgres://city@db.example/identity?sslmode=verify-full&sslrootcert=ca.pem").unwrap();
        assert!(matches!(verified.get_ssl_mode(), PgSslMode::VerifyFull));
        for here in [
            "postgres://city@localhost/identity",
            "postgres://city@127.0.0.2/identity",
            "postgres://city@[::1]/identity",
            "postgres:///identity?host=/run/postgresql",
            "postgres://%2Frun%2Fpostgresql/identity",
        ] {
            assert!(matches!(options(here).unwrap().get_ssl_mode(), PgSslMode::Disable), "{here}");
        }
    }
}
