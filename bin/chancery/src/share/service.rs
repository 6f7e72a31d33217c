//! `chancery share serve`: the owner's service.

use std::{future::pending, net::SocketAddr, sync::Arc};

use anyhow::{Context as _, Result, ensure};
use axum::Router;
use chancery_gateway::{
    Origin,
    department::{self, check_listener},
    tls::ServerTls,
};
use chancery_sharing::release::ChainTrust;

use super::{CitySupervision, Owner, audit, releases::DataSetReleases, tls};
use crate::{
    alliance::listen_until,
    arguments::{Connection, ServeShared},
    keys,
};

/// Runs until it is told to stop.
pub(crate) async fn run(options: &ServeShared, connection: &Connection) -> Result<()> {
    let tls = tls::open(&options.tls)?;
    let keys = keys::of(connection)?;
    let owner = Owner::open(&options.file.file, &keys).await?;
    let section = owner.set.service.as_ref().with_context(|| {
        format!(
            "{} has no [service]: say where it listens and under which url it is reached",
            options.file.file.display()
        )
    })?;
    let (listen, scheme) = (section.listen, if tls.is_some() { "https" } else { "http" });
    let under = Origin::parse(&section.url)?;
    check_scheme(&under, tls.is_some())?;
    let origins = vec![under, Origin::parse(&format!("{scheme}://{listen}"))?];
    let main_chain_id = owner.chain.config().chain_id;
    let looking = audit::audit(&owner)?;
    let supervision = CitySupervision::of(&owner, connection, &keys)?;
    let department = owner.department()?;
    let releases = Arc::new(DataSetReleases { department, set: owner.set, trust: ChainTrust::default() });
    let router = department::router(origins, main_chain_id, releases.clone());
    // It looks until the service is told to stop: it does not end by itself.
    let looking = async {
        match looking {
            Some(audit) => audit.run().await,
            None => pending().await,
        }
    };
    let handing_over = releases.department.hand_over_as_it_comes(&supervision);
    let work = async {
        tokio::select! {
            () = looking => {}
            () = handing_over => {}
        }
    };
    Box::pin(serve_until(listen, router, tls, options.until_stdin_ends, work)).await
}

/// Who speaks TLS is not declared as one who does not; one who does not may stand behind a proxy that does.
fn check_scheme(under: &Origin, is_encrypted: bool) -> Result<()> {
    ensure!(
        under.is_https() || !is_encrypted,
        "url of [service] is {under}, and --tls-certificate is given: readers are to come over https, declare that"
    );
    Ok(())
}

/// Serves over TLS, or in plain text on loopback, until it is told to stop or `work` ends.
async fn serve_until(
    listen: SocketAddr,
    router: Router,
    tls: Option<ServerTls>,
    until_stdin_ends: bool,
    work: impl Future<Output = ()>,
) -> Result<()> {
    check_listener(listen, tls.is_some())?;
    let what = if tls.is_some() { "department=https" } else { "department=http" };
    let serving = |listener, shutdown| tokio::spawn(department::serve(listener, router, tls, shutdown));
    Box::pin(listen_until(listen, what, until_stdin_ends, work, serving)).await
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::{future::ready, net::Ipv4Addr};

    use super::*;

    // M-SEC
    #[test]
    fn whoever_shows_a_certificate_is_not_declared_as_plain_text() {
        let of = |url: &str, is_encrypted| check_scheme(&Origin::parse(url).unwrap(), is_encrypted).is_ok();
        assert!(!of("http://127.0.0.1:9470", true) && of("https://ods.example", true));
        assert!(of("http://127.0.0.1:9470", false) && of("https://ods.example", false));
    }

    // M-SEC
    #[tokio::test]
    async fn a_department_serves_in_plain_text_on_loopback_alone() {
        let serve_at = |ip: Ipv4Addr| serve_until((ip, 0).into(), Router::new(), None, false, ready(()));
        let refused = serve_at(Ipv4Addr::UNSPECIFIED).await.unwrap_err().to_string();
        assert!(refused.contains("0.0.0.0:0 is reached from other machines"), "{refused}");
        serve_at(Ipv4Addr::LOCALHOST).await.unwrap();
    }
}
