//! A-CERT: a node's certificates over years, on chains whose clock leaps.

use std::{sync::Arc, time::Duration};

use chancery_bridge::{
    alliance::certificate::Scope,
    establish::{
        CertifiedNode, EstablishError, NodeCertificates, Renewed, issue_transaction, keep_certified, revoke_identity,
        revoke_transaction, roster,
    },
    key::NodeKey,
};
use chancery_ledger::{LedgerError, SubmitterKey};

use crate::support::{
    partnership::name,
    world::{World, founding::fixed_secret, simulate, step::Party},
};

const DAY_S: u64 = 86_400;

// A-CERT: whoever runs the same from a timer has certificates that count for ever, and is told what was issued; before an identity ends it is named where members are listed.
#[test]
fn a_node_whose_certificates_are_kept_never_loses_them() {
    simulate(async {
        let world = World::new(0, &[], [0, 0]);
        let life = world.shared.life(Party::Onlooker);
        let alliance = world.alliance(&world.chains(&life).await);
        let authority = Arc::new(SubmitterKey::from_hex(&fixed_secret("founder of home")).unwrap());
        let of = CertifiedNode { member: name("bank"), node: name("node 9"), key: NodeKey::random().address() };
        let keep = async |known: Option<NodeCertificates>| {
            let known = known.map(|known| (known.identity, known.transaction));
            Box::pin(keep_certified(&alliance, &authority, of, known)).await
        };
        let later = async |days| {
            tokio::time::advance(Duration::from_secs(days * DAY_S)).await;
            // A block of that time.
            tokio::time::sleep(Duration::from_secs(10)).await;
        };
        let named = async || {
            let roster = Box::pin(roster(&alliance)).await.unwrap();
            let bank = roster.members.iter().find(|member| member.name == of.member).unwrap();
            let own = bank.identities.iter().filter(|identity| identity.node == of.node);
            own.filter(|identity| roster.is_to_be_renewed(identity)).map(|identity| identity.serial).collect::<Vec<_>>()
        };
        let first = keep(None).await.unwrap();
        assert_eq!(first.renewed, Renewed::Identity);
        let same = keep(Some(first)).await.unwrap();
        assert_eq!(same, NodeCertificates { renewed: Renewed::Nothing, ..first });

        later(6).await;
        let second = keep(Some(same)).await.unwrap();
        assert_eq!((second.renewed, second.identity), (Renewed::Transaction, first.identity));
        later(729 - 6 - 61).await;
        let third = keep(Some(second)).await.unwrap();
        assert_eq!((third.renewed, third.identity), (Renewed::Transaction, first.identity));
        assert!(named().await.is_empty());

        later(2).await;
        assert_eq!(named().await, [first.identity], "less than sixty days are left of it");
        let fourth = keep(Some(third)).await.unwrap();
        assert_eq!(fourth.renewed, Renewed::Identity);
        assert_ne!(fourth.identity, first.identity);
        assert!(named().await.is_empty(), "there is another one");
        let (transaction, identity) = alliance.certificate(fourth.transaction).await.unwrap().unwrap();
        assert_eq!((transaction.identity, transaction.scope), (fourth.identity, Scope::BOTH));
        assert_eq!((identity.key, identity.node, identity.valid_until), (of.key, of.node, fourth.identity_until));
        let before = alliance.identity(first.identity).await.unwrap().unwrap();
        assert!(!before.revoked && before.valid_until == first.identity_until, "the earlier one counts until its end");

        // Nobody has run it for two years.
        later(760).await;
        let fifth = keep(Some(fourth)).await.unwrap();
        assert_eq!(fifth.renewed, Renewed::Identity);

        let sixth = issue_transaction(&alliance, &authority, fifth.identity, Scope::BOTH, fifth.transaction_until);
        let sixth = NodeCertificates { transaction: sixth.await.unwrap(), ..fifth };
        revoke_transaction(&alliance, &authority, sixth.transaction).await.unwrap();
        let refused = keep(Some(sixth)).await;
        let is_refused =
            matches!(refused, Err(EstablishError::TransactionRevoked(serial)) if serial == sixth.transaction);
        assert!(is_refused, "though there is time left: {refused:?}");

        revoke_identity(&alliance, &authority, fifth.identity).await.unwrap();
        later(6).await;
        let refused = keep(Some(fifth)).await;
        let is_refused = |error: &EstablishError| matches!(error, EstablishError::Ledger(LedgerError::Reverted { reason, .. }) if reason.name == "AlreadyRevoked");
        assert!(refused.as_ref().is_err_and(is_refused), "what was revoked is not issued anew: {refused:?}");
    });
}
