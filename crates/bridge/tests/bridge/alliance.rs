//! An alliance of two chains on a third, one validator each, with requester, endorsers and relay (`docs/specs/alliance.md`).

use std::{sync::Arc, time::Duration};

use alloy_primitives::{B256, U256};
use chancery_bridge::{
    alliance::{
        certificate::SignatureFault,
        comparison::Difference,
        message::{Endorsement, Part, Request},
        store::{Outcome, Refusal},
        submission::Submission,
    },
    endorser::{EndorseRefusal, Endorser, RemoteEndorser},
    http::JsonClient,
    progress::{Follower, ProgressBoard, ProposalState, window::MAX_REQUESTS},
    relay::{CarryRefusal, RemoteCarrier},
    report::{Reporter, Said, Voice, Why},
    requester::{Doubt, NextStep, RequestError, Requester},
};
use chancery_contracts::{Alliance, Anchor};

use crate::support::partnership::{Node, Partnership, certify, name};
use crate::support::process::Process;

const APPLIED: u8 = Outcome::Applied.code();

fn client() -> JsonClient {
    JsonClient::new(Duration::from_secs(60)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_goes_through_five_steps_between_processes_and_a_stale_one_learns_its_key() {
    let dir = tempfile::tempdir().unwrap();
    let partnership = Partnership::start(dir.path()).await;
    let mut relay = Process::relay(dir.path(), &partnership);
    relay.start();
    let mut requester = partnership.requester(Arc::new(RemoteCarrier::new(client(), relay.url())));
    let mut endorsers = Vec::new();
    for (partner, access) in partnership.partners.iter().zip(&mut requester.members) {
        access.endorsers.clear();
        // Two of three are enough.
        for node in &partner.nodes[..2] {
            let mut endorser = Process::endorser(dir.path(), &partnership, partner, node).knowing(&partnership.home);
            endorser.start();
            access.endorsers.push(Arc::new(RemoteEndorser::new(client(), endorser.url())));
            endorsers.push(endorser);
        }
    }

    let key = name("parcel 7");
    let calls = partnership.calls(key, [40, 60]);
    let committed = requester.execute(name("sale"), &calls).await.unwrap();
    partnership.settled(committed.number, key, [(APPLIED, 1, 40), (APPLIED, 1, 60)]).await;
    let again = requester.execute(name("sale"), &calls).await.unwrap();
    assert_eq!(again, committed, "the same intent has one number");

    // Both rest on version 1, and both are endorsed before either is sequenced.
    let first = partnership.submission(&requester, "first", &partnership.calls(key, [41, 61])).await;
    let second = partnership.submission(&requester, "second", &partnership.calls(key, [42, 62])).await;
    let hearing = Hearing::of(&partnership, &endorsers[0]);
    let mut hearing = Box::pin(hearing.before(&first)).await;
    let number = requester.send(&first).await.unwrap().number;
    partnership.settled(number, key, [(APPLIED, 2, 41), (APPLIED, 2, 61)]).await;
    let error = requester.send(&second).await.unwrap_err();
    let stale = Refusal::Stale { key, expected: 1, actual: 2 };
    assert!(matches!(error, RequestError::Refused { refusal, .. } if refusal == stale), "{error}");
    assert_eq!((error.next_step(), error.differing_key()), (NextStep::SuggestAnew, Some(key)));
    assert_eq!(partnership.outcomes(number, key).await[0].2, U256::from(41), "nothing of the stale one is written");

    // An endorser names the key as well, before anything is sequenced.
    let part = second.parts[0].clone();
    let refusal = requester.members[0].endorsers[0].endorse(&second.request, &part).await.unwrap_err();
    let difference = Difference::Version { key, suggested: Some(1), found: Some(2) };
    assert_eq!(refusal, EndorseRefusal::Differs { difference });
    Box::pin(hearing.after(&first, number, &second)).await;

    // With execute the one that is overtaken reads again: both come through, one after the other.
    let (red, blue) = (partnership.calls(key, [43, 63]), partnership.calls(key, [44, 64]));
    let (red, blue) = tokio::join!(requester.execute(name("red"), &red), requester.execute(name("blue"), &blue));
    let (red, blue) = (red.unwrap().number, blue.unwrap().number);
    let last = if red < blue { (44, 64) } else { (43, 63) };
    partnership.settled(red.max(blue), key, [(APPLIED, 4, last.0), (APPLIED, 4, last.1)]).await;
    Box::pin(renewed_while_it_runs(&partnership, &requester, key, &endorsers[1])).await;

    // The relay pushes headers that nobody asked for.
    let anchor = &partnership.partners[0].link.to_member;
    let before = partnership.partners[0].chain.view(anchor.anchor, &Anchor::latestCall {}).await;
    let pushed = async {
        while partnership.partners[0].chain.view(anchor.anchor, &Anchor::latestCall {}).await < before + 8 {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(240), pushed).await.unwrap();
}

/// Somebody who hears what an endorser of the bank reports, and reads the alliance chain.
struct Hearing {
    reporter: Reporter,
    follower: Follower,
    board: Arc<ProgressBoard>,
}

impl Hearing {
    fn of(partnership: &Partnership, endorser: &Process) -> Self {
        let voice = Voice::Endorser(partnership.partners[0].name);
        let reporter = Reporter::at(voice, client(), &endorser.url()).unwrap();
        let follower = Follower::new(partnership.alliance(), vec![partnership.home.chain.clone()]);
        Self { reporter, follower, board: ProgressBoard::new(MAX_REQUESTS) }
    }

    async fn listen(&mut self) {
        let (reports, _) = self.reporter.read().await.unwrap();
        self.board.hear(0, self.reporter.voice(), &reports);
    }

    /// A-MULTI: a request is seen before it has its number, by the word of the endorser.
    async fn before(mut self, submission: &Submission) -> Self {
        self.board.take(&self.follower.read().await.unwrap());
        self.listen().await;
        let seen = self.board.proposal(submission.request.hash()).unwrap();
        assert_eq!((seen.number, seen.state), (None, ProposalState::UnderWay));
        assert_eq!(seen.reports.iter().map(|it| it.said).collect::<Vec<_>>(), [Said::Endorsed]);
        self
    }

    /// With its number it is that of the chain, by its hash; and what the endorser says later of another one is told.
    async fn after(&mut self, submission: &Submission, number: u64, other: &Submission) {
        self.listen().await;
        self.board.take(&self.follower.read().await.unwrap());
        let joined = self.board.proposal(submission.request.hash()).unwrap();
        assert_eq!((joined.number, joined.state), (Some(number), ProposalState::Sequenced));
        let declined = self.board.reports_of(other.request.hash());
        assert_eq!(declined.iter().map(|it| it.said).collect::<Vec<_>>(), [Said::Declined { why: Why::Stale }]);
    }
}

/// A-CERT: the second of the two endorsers of the bank that are needed takes its renewed certificate while it runs, so that the old one may end; what cannot be taken leaves it as it is.
async fn renewed_while_it_runs(partnership: &Partnership, requester: &Requester, key: B256, endorser: &Process) {
    let (home, alliance, old) =
        (&partnership.home, partnership.relay.contract, partnership.partners[0].nodes[1].certificate);
    let line = |serial: u64| format!("certificate = {serial}\n");
    let until = async |what: &str, holds: &dyn Fn(&str) -> bool| {
        let told = async {
            while !holds(&endorser.health()) {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), told).await.unwrap_or_else(|_| panic!("never: {what}"));
    };
    let signed_under = async |serial: u64| {
        let submission = partnership.submission(requester, "renewed", &partnership.calls(key, [45, 65])).await;
        submission.endorsements.iter().any(|endorsement| endorsement.certificate == serial)
    };

    // Of another node: the certificate of the first one.
    let other = partnership.partners[0].nodes[0].certificate;
    endorser.rewrite(&line(old), &line(other));
    until("it refuses another node's", &|said: &str| said.contains("otherNode") && said.contains("degraded")).await;
    endorser.rewrite(&line(other), &line(9999));
    until("it refuses an unknown one", &|said: &str| said.contains("certificateUnknown")).await;
    endorser.rewrite(&line(9999), "certificate = no number\n");
    until("it refuses a broken file", &|said: &str| said.contains("fileUnusable")).await;
    assert!(signed_under(old).await, "the one in use is kept");

    let valid_until = home.time_s().await + 3600;
    let new = certify(home, alliance, old - 1, valid_until).await;
    endorser.rewrite("certificate = no number\n", &line(new));
    until("it is taken", &|said: &str| said.contains("alive")).await;
    assert!(signed_under(new).await && !signed_under(old).await);
    home.call(alliance, &Alliance::revokeTransactionCall { serial: old }).await;
    let committed = requester.execute(name("renewed"), &partnership.calls(key, [45, 65])).await.unwrap();
    partnership.settled(committed.number, key, [(APPLIED, 5, 45), (APPLIED, 5, 65)]).await;
}

/// What an endorser says of a part.
type Answer = Box<dyn Fn(&Request, &Part) -> Endorsement + Send + Sync>;

/// Signs whatever it is shown.
struct Liar {
    endorsement: Answer,
}

#[async_trait::async_trait]
impl Endorser for Liar {
    async fn endorse(&self, request: &Request, part: &Part) -> Result<Endorsement, EndorseRefusal> {
        Ok((self.endorsement)(request, part))
    }
}

fn liar(requester: &Requester, node: &Node) -> Arc<dyn Endorser> {
    use chancery_bridge::alliance::message::Endorse;
    let (key, certificate, domain) = (node.key.clone(), node.certificate, requester.alliance.domain());
    let endorsement = move |request: &Request, part: &Part| {
        let endorse = Endorse { request_hash: request.hash(), member: part.member, certificate };
        Endorsement { certificate, member: part.member, signature: key.sign(&endorse, &domain).unwrap() }
    };
    Arc::new(Liar { endorsement: Box::new(endorsement) })
}

#[tokio::test(flavor = "multi_thread")]
async fn lies_forgeries_and_expired_certificates_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let partnership = Partnership::start(dir.path()).await;
    let courier = partnership.courier();
    let carries = tokio::spawn({
        let courier = courier.clone();
        async move { courier.run().await }
    });
    let requester = partnership.requester(courier.clone());
    let key = name("parcel 9");
    let mut tampered = Vec::new();
    for (member, call) in partnership.calls(key, [1, 2]) {
        tampered.push(requester.suggest(member, &call).await.unwrap());
    }
    // The bank is said to write something else than its node contract suggests.
    let lie = B256::from(U256::from(1_000_000));
    tampered[0].writes[0].value = lie;

    // Below half: one of three signs it. The others name the key.
    let mut lied_to = requester.clone();
    lied_to.members[0].endorsers[2] = liar(&requester, &partnership.partners[0].nodes[2]);
    let error = lied_to.endorse(name("lie"), tampered.clone()).await.unwrap_err();
    let found = Some(B256::from(U256::from(1)));
    let difference = Difference::Value { key, suggested: Some(lie), found };
    let RequestError::NotEndorsed { member, weight, total, declined } = &error else { panic!("{error}") };
    assert_eq!((*member, *weight, *total), (name("bank"), U256::from(1), U256::from(3)));
    let refused = Doubt::Refused(EndorseRefusal::Differs { difference });
    assert_eq!(declined.iter().map(|it| &it.doubt).collect::<Vec<_>>(), [&refused, &refused]);
    assert_eq!(error.next_step(), NextStep::Correct);
    // Nor does the chain take it: a third of the weight is named as such.
    let one = |request: &Request, part: &Part| -> Vec<Endorsement> {
        let partner = partnership.partners.iter().find(|partner| partner.name == part.member).unwrap();
        let signing = if part.member == name("bank") { &partner.nodes[2..] } else { &partner.nodes[..2] };
        signing.iter().map(|node| partnership.endorse_blindly(request, part.member, node)).collect()
    };
    let forced = partnership.forced(&requester, "third", tampered.clone(), one).await;
    let error = requester.send(&forced).await.unwrap_err();
    let RequestError::Invalid { bad, missing, .. } = &error else { panic!("{error}") };
    assert_eq!((bad.len(), missing[0].member, missing[0].weight, missing[0].total), (0, name("bank"), 1, 3));

    // Without the liar it passes.
    let mut honest = requester.clone();
    honest.members[0].endorsers.pop();
    let committed = honest.execute(name("honest"), &partnership.calls(key, [1, 2])).await.unwrap();
    partnership.settled(committed.number, key, [(APPLIED, 1, 1), (APPLIED, 1, 2)]).await;

    // Above half: what the members agreed to believe. Versions and atomicity hold.
    let mut lied_to = requester.clone();
    for i in [1, 2] {
        lied_to.members[0].endorsers[i] = liar(&requester, &partnership.partners[0].nodes[i]);
    }
    for part in &mut tampered {
        part.reads[0].version = 1;
    }
    let submission = lied_to.endorse(name("majority"), tampered.clone()).await.unwrap();
    let number = lied_to.send(&submission).await.unwrap().number;
    partnership.settled(number, key, [(APPLIED, 2, 1_000_000), (APPLIED, 2, 2)]).await;

    // A forged signature is named on chain, and by the requester before that.
    for part in &mut tampered {
        part.reads[0].version = 2;
    }
    let bank = &partnership.partners[0];
    let forge = |request: &Request, part: &Part| -> Vec<Endorsement> {
        let partner = partnership.partners.iter().find(|partner| partner.name == part.member).unwrap();
        let mut all: Vec<_> =
            partner.nodes.iter().map(|node| partnership.endorse_blindly(request, part.member, node)).collect();
        if part.member == bank.name {
            // In the name of the first node, by the second.
            all[0].signature = all[1].signature.clone();
        }
        all
    };
    let forged = partnership.forced(&requester, "forged", tampered, forge).await;
    let error = requester.send(&forged).await.unwrap_err();
    let RequestError::Invalid { bad, missing, .. } = &error else { panic!("{error}") };
    assert_eq!((bad.len(), bad[0].member, bad[0].serial), (1, bank.name, bank.nodes[0].certificate));
    assert_eq!((bad[0].fault, missing.len()), (SignatureFault::SignatureWrong, 0));

    expired_certificates_are_named(&partnership, &requester, key).await;
    carries.abort();
}

async fn expired_certificates_are_named(partnership: &Partnership, requester: &Requester, key: B256) {
    let (alliance, bank) = (partnership.alliance(), &partnership.partners[0]);
    let (transaction, _) = alliance.certificate(bank.nodes[0].certificate).await.unwrap().unwrap();
    let until = partnership.home.time_s().await + 5;
    let short = certify(&partnership.home, alliance.address, transaction.identity, until).await;
    while alliance.time_s().await.unwrap() < until {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let expired =
        Node { name: bank.nodes[0].name, key: bank.nodes[0].key.clone(), secret: String::new(), certificate: short };

    // An endorser's: the requester leaves it out and says why; the others are enough.
    let mut asked = requester.clone();
    asked.members[0].endorsers = vec![liar(requester, &expired)];
    let calls = partnership.calls(key, [7, 8]);
    let error = asked.execute(name("expired endorser"), &calls).await.unwrap_err();
    let RequestError::NotEndorsed { declined, .. } = &error else { panic!("{error}") };
    assert_eq!(declined[0].doubt, Doubt::Faulty(SignatureFault::CertificateExpired));

    // The requester's own: nothing is sequenced, and no number is spent.
    let before = alliance.request_count().await.unwrap();
    let mut own = requester.clone();
    own.identity.certificate = short;
    let error = own.execute(name("expired requester"), &calls).await.unwrap_err();
    let refused = CarryRefusal::RequesterRefused { certificate: short, fault: SignatureFault::CertificateExpired };
    assert!(matches!(&error, RequestError::Carry(refusal) if *refusal == refused), "{error}");
    assert_eq!(error.next_step(), NextStep::Correct);
    assert_eq!(alliance.request_count().await.unwrap(), before);
}
