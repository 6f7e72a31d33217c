//! A-MULTI: a file whose digest is the value of an entry follows the commit, and not a byte of it comes before (EXCHANGE-1 to EXCHANGE-5).

use std::{net::Ipv4Addr, path::Path, sync::Arc, time::Duration};

use alloy_primitives::{B256, Bytes};
use alloy_sol_types::SolValue as _;
use chancery_bridge::{
    alliance::certificate::SignatureFault,
    exchange::{Awaited, FetchError, FileQuery, FileRefusal, PATH, Provider, Receive, SealedFor, Shelf, fetch, router},
    http::{JsonClient, serve},
    relay::Carrier as _,
    requester::{Requester, RequesterIdentity},
};
use chancery_contracts::StoreNode;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::support::partnership::{Partnership, name};

/// More than one piece.
const FILE_BYTES: usize = 300_000;

struct Exchange {
    partnership: Partnership,
    shelf: Shelf,
    /// The bank's node, which asks and receives.
    bank: Requester,
    provider: Arc<Provider>,
    url: Url,
    shutdown: CancellationToken,
}

impl Exchange {
    async fn start(dir: &Path) -> Self {
        let partnership = Box::pin(Partnership::start(dir)).await;
        let shelf = Shelf::open(&dir.join("shelf")).unwrap();
        let bank = partnership.requester(partnership.courier());
        let land = as_node(&partnership, 1);
        let provider = Arc::new(Provider::new(Arc::new(land), shelf.clone()));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}{PATH}", listener.local_addr().unwrap()).parse().unwrap();
        let shutdown = CancellationToken::new();
        tokio::spawn(serve(listener, router(provider.clone()), shutdown.clone()));
        Self { partnership, shelf, bank, provider, url, shutdown }
    }

    /// What the bank asks: the digest in an entry of the land registry, and a word of its own.
    fn calls(&self, digest: B256) -> Vec<(B256, Bytes)> {
        let write = StoreNode::Write { key: name("deed"), value: digest };
        let deed: Bytes = (vec![name("deed")], vec![write]).abi_encode_params().into();
        vec![(name("bank"), self.partnership.call(name("loan"), 7)), (name("land registry"), deed)]
    }

    fn awaited(&self, number: u64) -> Awaited {
        Awaited { number, member: name("land registry"), key: name("deed") }
    }

    async fn fetched(&self, number: u64, target: &Path) -> Result<u64, FetchError> {
        let client = JsonClient::new(Duration::from_secs(60)).unwrap();
        fetch(&self.bank, &client, &self.url, self.awaited(number), target).await
    }

    /// What the provider says to a query, whoever has signed it.
    async fn asked(&self, number: u64, signer: &Requester, change: impl FnOnce(&mut FileQuery)) -> FileRefusal {
        let receive = Receive {
            number,
            member: name("land registry"),
            key: name("deed"),
            encryption_key: B256::repeat_byte(9),
            certificate: signer.identity.certificate,
        };
        let signature = signer.identity.key.sign(&receive, &self.bank.alliance.domain()).unwrap();
        let mut query = FileQuery { receive, signature, offset: 0 };
        change(&mut query);
        self.provider.piece(&query).await.unwrap_err()
    }
}

/// The same chains, seen by the first node of a member.
fn as_node(partnership: &Partnership, member: usize) -> Requester {
    let partner = &partnership.partners[member];
    let node = &partner.nodes[0];
    let identity = RequesterIdentity {
        member: partner.name,
        node: node.name,
        certificate: node.certificate,
        key: node.key.clone(),
    };
    Requester { identity, ..partnership.requester(partnership.courier()) }
}

/// At each step of the request, until it is applied on both, nothing leaves; what it would be signed for is asked directly as well.
async fn nothing_before_the_commit(exchange: &Exchange, digest: B256, target: &Path) -> u64 {
    let (partnership, relay) = (&exchange.partnership, &exchange.partnership.relay);
    let closed = async |number: u64| {
        let refused = exchange.asked(number, &exchange.bank, |_| ()).await;
        assert!(matches!(refused, FileRefusal::NotCommitted { .. }), "{refused}");
        assert!(refused.is_temporary());
        assert!(exchange.fetched(number, target).await.is_err() && !target.exists());
    };
    closed(1).await;
    let submission = partnership.submission(&exchange.bank, "deed", &exchange.calls(digest)).await;
    let number = partnership.courier().carry(&submission).await.unwrap();
    closed(number).await;
    for (party, (partner, part)) in (0..).zip(partnership.partners.iter().zip(&submission.parts)) {
        relay.reserve(&partner.link, number, part).await.unwrap();
        relay.report(&partner.link, number, party).await.unwrap();
        closed(number).await;
    }
    // Decided, and applied on one of two.
    for (partner, part) in partnership.partners.iter().zip(&submission.parts) {
        closed(number).await;
        relay.settle(&partner.link, number, part).await.unwrap();
    }
    number
}

// A-MULTI, EXCHANGE-1, EXCHANGE-2, EXCHANGE-3, EXCHANGE-4, EXCHANGE-5
#[tokio::test(flavor = "multi_thread")]
async fn a_file_follows_the_commit_and_not_a_byte_comes_before() {
    let dir = tempfile::tempdir().unwrap();
    let exchange = Box::pin(Exchange::start(dir.path())).await;
    let plain: Vec<u8> = (0..FILE_BYTES).map(|i| u8::try_from(i % 251).unwrap()).collect();
    let sealed_for = SealedFor { requester: name("bank"), node: None, idempotency_key: name("deed") };
    let digest = exchange.shelf.seal(plain.as_slice(), &sealed_for).unwrap();
    let target = dir.path().join("deed.pdf");
    let number = Box::pin(nothing_before_the_commit(&exchange, digest, &target)).await;

    // The same digest, committed: but it was sealed for another intent, or for the same key of another member.
    for other in [
        SealedFor { idempotency_key: name("another"), ..sealed_for },
        SealedFor { requester: name("land registry"), ..sealed_for },
        SealedFor { node: Some(name("a node that the bank has not")), ..sealed_for },
    ] {
        exchange.shelf.assign(digest, &other).unwrap();
        let refused = exchange.fetched(number, &target).await;
        let expected = FileRefusal::OtherRequest { number, digest };
        assert!(matches!(&refused, Err(FetchError::Refused(refusal)) if *refusal == expected), "{refused:?}");
        assert!(!expected.is_temporary() && !target.exists());
    }
    exchange.shelf.assign(digest, &sealed_for).unwrap();
    assert_eq!(exchange.fetched(number, &target).await.unwrap(), FILE_BYTES as u64);
    assert_eq!(std::fs::read(&target).unwrap(), plain);
    assert!(matches!(exchange.fetched(number, &target).await, Err(FetchError::Io(_))), "nothing is written over");

    // Whoever it is not for.
    let land = as_node(&exchange.partnership, 1);
    let forged = exchange.asked(number, &land, |query| query.receive.certificate = exchange.bank.identity.certificate);
    let wrong = |fault| FileRefusal::Certificate { certificate: exchange.bank.identity.certificate, fault };
    assert_eq!(forged.await, wrong(SignatureFault::SignatureWrong));
    let other_key = exchange.asked(number, &exchange.bank, |query| query.receive.encryption_key = B256::repeat_byte(8));
    assert_eq!(other_key.await, wrong(SignatureFault::SignatureWrong), "the key is signed for");
    let unknown = exchange.asked(number, &exchange.bank, |query| query.receive.certificate = 999);
    let nobody = FileRefusal::Certificate { certificate: 999, fault: SignatureFault::CertificateUnknown };
    assert_eq!(unknown.await, nobody);
    let beyond = exchange.asked(number, &exchange.bank, |query| query.offset = u64::MAX).await;
    assert!(matches!(beyond, FileRefusal::Malformed | FileRefusal::Unavailable { .. }), "{beyond}");
    let certificate = exchange.bank.identity.certificate;
    let revoke = chancery_contracts::Alliance::revokeTransactionCall { serial: certificate };

    // What was changed on the shelf is not handed over.
    let sealed = dir.path().join("shelf").join(format!("{}.sealed", alloy_primitives::hex::encode(digest)));
    let mut bytes = std::fs::read(&sealed).unwrap();
    bytes[FILE_BYTES / 2] ^= 1;
    std::fs::write(&sealed, bytes).unwrap();
    let elsewhere = dir.path().join("again.pdf");
    let changed = exchange.fetched(number, &elsewhere).await;
    assert!(matches!(changed, Err(FetchError::Refused(FileRefusal::NotHere { .. }))), "{changed:?}");
    assert!(!elsewhere.exists());

    exchange.partnership.home.call(exchange.partnership.relay.contract, &revoke).await;
    let revoked = exchange.asked(number, &exchange.bank, |_| ()).await;
    assert_eq!(revoked, wrong(SignatureFault::CertificateRevoked));
    exchange.shutdown.cancel();
}
