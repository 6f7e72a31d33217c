//! A connection that is cut when the submission has been sequenced: the requester learns from the chain what became of it.

use std::{future::pending, path::Path, sync::Arc, time::Duration};

use chancery_bridge::{
    alliance::{store::Outcome, submission::Submission},
    http::{JsonClient, serve_mutual},
    relay::{Carrier, CarryRefusal, Courier, RemoteCarrier, router},
    tls::{Credentials, Expectation, Gate, Mutual, Serial, issue_credentials},
};
use chancery_contracts::Alliance;
use tokio::{net::TcpListener, sync::Notify};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::support::{
    club::write_private,
    partnership::{Node, Partnership, certify, name},
};

const APPLIED: u8 = Outcome::Applied.code();
/// Many times what a request takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Has a submission sequenced, and never says so.
struct Mute {
    courier: Arc<Courier>,
    sequenced: Notify,
}

#[async_trait::async_trait]
impl Carrier for Mute {
    async fn carry(&self, submission: &Submission) -> Result<u64, CarryRefusal> {
        self.courier.carry(submission).await?;
        self.sequenced.notify_one();
        pending().await
    }
}

/// What a node shows of one of its transaction certificates.
async fn mutual(dir: &Path, partnership: &Partnership, node: &Node, serial: u64) -> Mutual {
    let alliance = partnership.alliance();
    let gate = Arc::new(Gate::new(alliance.clone()).unwrap());
    let issued = issue_credentials(&alliance, gate.alliance(), Serial::Transaction(serial), &node.key).await.unwrap();
    let path = write_private(&dir.join(format!("interrupted-{serial}.pem")), &issued.1);
    Mutual::new(Arc::new(Credentials::open(&path).unwrap()), gate).unwrap()
}

fn carrier(tls: Mutual, url: &Url) -> Arc<dyn Carrier> {
    let client = JsonClient::mutual(PATIENCE, tls, Expectation::default()).unwrap();
    Arc::new(RemoteCarrier::new(client, url.clone()))
}

async fn revoke(partnership: &Partnership, serial: u64) {
    partnership.home.call(partnership.relay.contract, &Alliance::revokeTransactionCall { serial }).await;
}

// A-CERT, A-ERR, A-MORE-1: whichever side's certificate ends then, it is no refusal of what was sequenced.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_cut_during_a_submission_leaves_the_outcome_to_the_chain() {
    let dir = tempfile::tempdir().unwrap();
    let partnership = Partnership::start(dir.path()).await;
    let (courier, alliance) = (partnership.courier(), partnership.alliance());
    let running = Arc::clone(&courier);
    let carries = tokio::spawn(async move { running.run().await });
    let mute = Arc::new(Mute { courier, sequenced: Notify::new() });

    let relay = &partnership.partners[1].nodes[2];
    let shown = mutual(dir.path(), &partnership, relay, relay.certificate).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: Url = format!("https://{}/v1/submissions", listener.local_addr().unwrap()).parse().unwrap();
    let serves = tokio::spawn(serve_mutual(listener, router(mute.clone()), shown, CancellationToken::new()));

    // What it shows is another certificate than the one that the request rests on.
    let own = &partnership.partners[0].nodes[0];
    let identity = alliance.certificate(own.certificate).await.unwrap().unwrap().0.identity;
    let until = partnership.home.time_s().await + 3600;
    let short = certify(&partnership.home, alliance.address, identity, until).await;
    let mut requester = partnership.requester(carrier(mutual(dir.path(), &partnership, own, short).await, &url));
    let key = name("parcel 7");
    for (version, (sale, ending)) in (1_u64..).zip([("first", short), ("second", relay.certificate)]) {
        let calls = partnership.calls(key, [version, 10 + version]);
        let revokes = async {
            mute.sequenced.notified().await;
            revoke(&partnership, ending).await;
        };
        let (committed, ()) = tokio::join!(requester.execute(name(sale), &calls), revokes);
        let number = committed.unwrap().number;
        partnership.settled(number, key, [(APPLIED, version, version), (APPLIED, version, 10 + version)]).await;
        requester.carrier = carrier(mutual(dir.path(), &partnership, own, own.certificate).await, &url);
    }
    carries.abort();
    serves.abort();
}
