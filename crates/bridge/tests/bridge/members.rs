//! Establishing step by step, each member with its own key, over real chains (A-EST).

use std::sync::Arc;

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall as _;
use chancery_bridge::{
    alliance::certificate::Scope,
    contracts::AllianceContract,
    establish::{
        Agreed, Ballot, Declared, Endorsing, EstablishError, Joining, Made, NodeContractKind, Prepared, Site, Terms,
        Together, candidate, declare, declared_with, issue_identity, issue_transaction, join, leave, open_registry,
        open_requirements, prepare, propose, roster, together, vote, withdraw,
    },
    key::NodeKey,
    progress::AllianceState,
};
use chancery_contracts::Anchor;
use chancery_ledger::{Call, SubmitterKey};

use crate::support::{
    chain::TestChain,
    partnership::{name, node_name},
};

async fn site(chain: &TestChain) -> Site {
    Site { chain: chain.chain.clone(), genesis_header: Some(chain.genesis_header().await) }
}

async fn member(title: &str, chain: &TestChain) -> Joining {
    Joining {
        name: name(title),
        site: site(chain).await,
        key: Arc::new(SubmitterKey::random()),
        kind: NodeContractKind::Store,
        endorsers: vec![Endorsing { node: node_name(0), weight: 1 }],
    }
}

/// What a member declares towards the only other one.
async fn declared(home: &Site, registry: Address, member: &Joining, partner: &Joining) -> (Prepared, Declared) {
    let prepared = prepare(home, member).await.unwrap();
    (prepared, declare_again(home, registry, member, partner, &prepared).await)
}

/// What a member has agreed on with the only other one.
fn agreed(registry: Made, partner: &Joining, theirs: Declared) -> Agreed {
    Agreed { registry, purpose: name("mortgages"), partners: vec![partner.name], others: vec![theirs] }
}

async fn declare_again(
    home: &Site,
    registry: Address,
    member: &Joining,
    partner: &Joining,
    prepared: &Prepared,
) -> Declared {
    let open_until = home.chain.head().await.unwrap().time_ms / 1000 + 3600;
    let terms = Terms { purpose: name("mortgages"), partners: vec![partner.name], open_until };
    declare(&home.chain, registry, member, &terms, prepared).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_member_takes_its_own_steps_and_none_of_them_twice() {
    let dir = tempfile::tempdir().unwrap();
    let home_chain = TestChain::start(dir.path(), "main").await;
    let chains = [TestChain::start(dir.path(), "marriage").await, TestChain::start(dir.path(), "degree").await];
    let home = site(&home_chain).await;
    let (bank, land) = (member("bank", &chains[0]).await, member("land registry", &chains[1]).await);
    let made = open_registry(&home.chain, &bank.key).await.unwrap();
    let registry = made.address;

    let (bank_prepared, bank_declared) = declared(&home, registry, &bank, &land).await;
    let again = declare_again(&home, registry, &bank, &land, &bank_prepared).await;
    assert_eq!(again, bank_declared, "what stands is not declared twice");
    let alone = propose(&home.chain, &bank.key, registry, &[bank_declared]).await;
    assert!(matches!(alone, Err(EstablishError::NotTogether)), "{alone:?}");

    // The key is used between: the announced place is lost, and that is said before anything is sent.
    let (lost, early) = declared(&home, registry, &land, &bank).await;
    let first = propose(&home.chain, &land.key, registry, &[bank_declared, early]).await.unwrap();
    let elsewhere = Call { to: Some(lost.to_member), data: Anchor::latestCall {}.abi_encode().into() };
    land.site.chain.submit(&land.key, elsewhere).await.unwrap();
    let refused = join(&first, &land, &lost, &agreed(made, &bank, bank_declared)).await.unwrap_err();
    assert!(matches!(refused, EstablishError::PlaceLost { .. }), "{refused}");
    let (land_prepared, land_declared) = declared(&home, registry, &land, &bank).await;
    let both = ([&bank, &land], [bank_declared, land_declared], [&bank_prepared, &land_prepared]);
    Box::pin(found_in_the_registry(&home, made, early, both)).await;

    let alliance = propose(&home.chain, &bank.key, registry, &[bank_declared, land_declared]).await.unwrap();
    let (of_bank, of_land) = (agreed(made, &bank, bank_declared), agreed(made, &land, land_declared));
    let stranger = Joining { key: Arc::clone(&bank.key), ..land.clone() };
    let refused = join(&alliance, &stranger, &land_prepared, &of_bank).await.unwrap_err();
    assert!(matches!(refused, EstablishError::OtherTerms { .. }), "{refused}");
    let refused = join(&first, &land, &land_prepared, &of_bank).await.unwrap_err();
    assert!(matches!(refused, EstablishError::OtherTerms { .. }), "not what was proposed there: {refused}");
    let (declared, both) = ([bank_declared, land_declared], [&bank, &land]);
    Box::pin(nothing_strange_is_joined(&alliance, made, declared, both, (&bank_prepared, &land_prepared))).await;

    let joined = join(&alliance, &bank, &bank_prepared, &of_land).await.unwrap();
    let half = roster(&alliance).await.unwrap();
    assert_eq!(half.state, Some(AllianceState::Proposed));
    assert_eq!(half.members.iter().map(|it| it.has_accepted).collect::<Vec<_>>(), [true, false]);
    join(&alliance, &land, &land_prepared, &of_bank).await.unwrap();
    let again = join(&alliance, &bank, &bank_prepared, &of_land).await.unwrap();
    assert_eq!(again.node_contract.address, joined.node_contract.address, "what is joined is not joined twice");
    certified_and_voted(&alliance, registry, &home, [&bank, &land], &bank_prepared).await;
}

/// What belongs together is found with what comes with it; whoever takes a member's name is told from that member before anything is accepted.
async fn found_in_the_registry(
    home: &Site,
    made: Made,
    early: Declared,
    ([bank, land], declared, [bank_prepared, land_prepared]): ([&Joining; 2], [Declared; 2], [&Prepared; 2]),
) {
    let (chain, registry) = (&home.chain, made.address);
    let found = async || {
        let page = open_requirements(chain, registry, Some(name("mortgages")), None, 64).await.unwrap();
        assert_eq!(page.next, None);
        together(&page.requirements)
    };
    let ids = |set: &Together| -> Vec<Vec<u64>> {
        set.seats.iter().map(|seat| seat.candidates.iter().map(|it| it.id).collect()).collect()
    };
    assert_eq!(found().await.iter().map(ids).collect::<Vec<_>>(), [[vec![0], vec![2, 1]]]);
    let others = open_requirements(chain, registry, Some(name("taxes")), None, 64).await.unwrap();
    assert_eq!(others.requirements, []);
    let nowhere = open_requirements(chain, Address::repeat_byte(9), None, None, 64).await.unwrap_err();
    assert!(matches!(nowhere, EstablishError::StrangeContract { .. }), "{nowhere}");

    let refused = withdraw(chain, registry, &land.key, declared[0].id).await.unwrap_err();
    assert!(refused.to_string().contains("NotTheAuthority"), "{refused}");
    withdraw(chain, registry, &land.key, early.id).await.unwrap();
    let sets = found().await;
    let chosen = sets[0].chosen().unwrap();
    for (requirement, declared) in chosen.iter().zip(declared) {
        assert_eq!(declared_with(chain, requirement).await.unwrap(), declared, "what its file says");
    }
    assert_eq!((chosen[0].authority, &chosen[0].partners), (bank.key.address(), &vec![land.name]));
    assert_eq!(
        (chosen[0].node_contract, &chosen[0].endorsers),
        (bank_prepared.node_contract, &vec![(node_name(0), 1)])
    );

    // Anybody may declare under the bank's name, and name the anchor of its chain.
    let posing = Joining { key: Arc::new(SubmitterKey::random()), ..bank.clone() };
    let elsewhere = Prepared { node_contract: Address::repeat_byte(9), ..*bank_prepared };
    let posing = declare_again(home, registry, &posing, land, &elsewhere).await;
    let alliance = propose(chain, &bank.key, registry, &[posing, declared[1]]).await.unwrap();
    let refused = join(&alliance, land, land_prepared, &agreed(made, bank, declared[0])).await.unwrap_err();
    let is_told = matches!(refused, EstablishError::OtherTerms { member, what } if member == bank.name && what.contains("authority"));
    assert!(is_told, "{refused}");
    let unshown = found().await[0].clone().with(&[3]).unwrap();
    let error = declared_with(chain, unshown.chosen().unwrap()[0]).await.unwrap_err();
    assert!(matches!(error, EstablishError::AnchorUnshown { .. }), "its authority has put none there: {error}");
}

/// Puts the code of a contract elsewhere, with these words at the beginning of the storage: a code hash does not tell the two apart.
async fn copied(home: &AllianceContract, key: &Arc<SubmitterKey>, of: Address, words: &[B256]) -> Made {
    let mut code = Vec::new();
    for (slot, word) in (0_u8..).zip(words) {
        code.push(0x7f); // PUSH32
        code.extend_from_slice(word.as_slice());
        code.extend_from_slice(&[0x60, slot, 0x55]); // PUSH1, SSTORE
    }
    code.push(0x73); // PUSH20
    code.extend_from_slice(of.as_slice());
    code.extend_from_slice(&[0x3b, 0x80, 0x5f, 0x5f, 0x73]); // EXTCODESIZE, DUP1, PUSH0, PUSH0, PUSH20
    code.extend_from_slice(of.as_slice());
    code.extend_from_slice(&[0x3c, 0x5f, 0xf3]); // EXTCODECOPY, PUSH0, RETURN
    let sent = home.chain.submit(key, Call { to: None, data: code.into() }).await.unwrap();
    let made = home.chain.transaction(sent.tx_hash, Some(sent.block.number)).await.unwrap();
    assert!(made.succeeded);
    Made { address: made.created.unwrap(), transaction: sent.tx_hash }
}

/// Contracts with our code that were made otherwise, and other terms than were agreed on: refused before anything is sent.
async fn nothing_strange_is_joined(
    alliance: &AllianceContract,
    registry: Made,
    [bank_declared, land_declared]: [Declared; 2],
    [bank, land]: [&Joining; 2],
    (bank_prepared, land_prepared): (&Prepared, &Prepared),
) {
    let honest = agreed(registry, bank, bank_declared);
    let refused = async |contract: &AllianceContract, member: &Joining, agreed: &Agreed| {
        join(contract, member, land_prepared, agreed).await.unwrap_err()
    };
    let copy = copied(alliance, &bank.key, alliance.address, &[]).await;
    let copy = AllianceContract { address: copy.address, ..alliance.clone() };
    let error = refused(&copy, land, &honest).await;
    assert!(matches!(error, EstablishError::StrangeContract { .. }), "the code alone: {error}");
    let other = Agreed { registry: open_registry(&alliance.chain, &bank.key).await.unwrap(), ..honest.clone() };
    let error = refused(alliance, land, &other).await;
    assert!(matches!(error, EstablishError::StrangeContract { .. }), "of another registry: {error}");
    let mine = copied(alliance, &bank.key, registry.address, &[B256::with_last_byte(1)]).await;
    let error = refused(alliance, land, &Agreed { registry: mine, ..honest.clone() }).await;
    assert!(matches!(error, EstablishError::StrangeContract { .. }), "a registry with something in it: {error}");
    let error = refused(alliance, land, &Agreed { others: Vec::new(), ..honest.clone() }).await;
    assert!(matches!(error, EstablishError::AnchorUnshown { member } if member == bank.name), "{error}");

    let heavier = Joining { endorsers: vec![Endorsing { node: node_name(0), weight: 5 }], ..land.clone() };
    let more = Agreed { partners: vec![bank.name, name("tax office")], ..honest.clone() };
    let elsewhere = Agreed { purpose: name("taxes"), ..honest.clone() };
    for (member, agreed, expected) in
        [(&heavier, &honest, "endorsers"), (land, &more, "members"), (land, &elsewhere, "purpose")]
    {
        let error = refused(alliance, member, agreed).await;
        let is_told = matches!(&error, EstablishError::OtherTerms { what, .. } if what.contains(expected));
        assert!(is_told, "{expected}: {error}");
    }

    // The anchor of the bank's chain, as our code, and with keys of the bank's own choice.
    let essentials = bank.site.chain.config().essentials.clone().unwrap();
    let words = [B256::from(U256::from(essentials.chain_id)), essentials.genesis_hash, B256::repeat_byte(9)];
    let genuine = bank_prepared.to_alliance.unwrap().address;
    let forged = Declared { anchor: Some(copied(alliance, &bank.key, genuine, &words).await), ..bank_declared };
    let deceitful = propose(&alliance.chain, &bank.key, registry.address, &[forged, land_declared]).await.unwrap();
    let error = refused(&deceitful, land, &agreed(registry, bank, forged)).await;
    assert!(matches!(error, EstablishError::StrangeAnchor { member, .. } if member == bank.name), "{error}");
    let error = candidate(alliance, &forged).await.unwrap_err();
    assert!(matches!(error, EstablishError::StrangeAnchor { .. }), "nor is it voted for: {error}");
}

/// Certificates are shown with their ends; a policy is renewed, and the alliance dissolved, by more than two thirds.
async fn certified_and_voted(
    alliance: &AllianceContract,
    registry: Address,
    home: &Site,
    [bank, land]: [&Joining; 2],
    prepared: &Prepared,
) {
    let until = alliance.time_s().await.unwrap() + 3600;
    let node = NodeKey::random();
    let identity = issue_identity(alliance, &bank.key, bank.name, node_name(0), node.address(), until).await.unwrap();
    let permit = issue_transaction(alliance, &bank.key, identity, Scope::REQUEST, until).await.unwrap();

    let heavier = Joining { endorsers: vec![Endorsing { node: node_name(0), weight: 5 }], ..bank.clone() };
    let renewed = declare_again(home, registry, &heavier, land, prepared).await;
    let before = roster(alliance).await.unwrap();
    let seen = candidate(alliance, &renewed).await.unwrap();
    assert_eq!((seen.name, seen.endorsers.as_slice()), (bank.name, [(node_name(0), 5)].as_slice()));
    assert_eq!((seen.authority, seen.present, seen.replaces()), (bank.key.address(), Some(bank.key.address()), false));
    let taken = Joining { key: Arc::clone(&land.key), ..bank.clone() };
    let taken = declare_again(home, registry, &taken, land, prepared).await;
    let seen = candidate(alliance, &taken).await.unwrap();
    assert!(seen.replaces() && seen.authority == land.key.address(), "another key would speak for the bank");
    let ballot = Ballot::Admit(renewed);
    let one = vote(alliance, &bank.key, bank.name, ballot).await.unwrap();
    assert_eq!((one.votes, one.needed(), one.is_carried_out), (1, 2, false));
    let same = vote(alliance, &bank.key, bank.name, ballot).await.unwrap();
    assert_eq!((same.votes, same.is_carried_out), (1, false), "a member votes once");
    let two = vote(alliance, &land.key, land.name, ballot).await.unwrap();
    assert_eq!((two.votes, two.is_carried_out), (2, true));

    let after = roster(alliance).await.unwrap();
    let of =
        |all: &chancery_bridge::establish::Roster| all.members.iter().find(|it| it.name == bank.name).cloned().unwrap();
    let (old, new) = (of(&before), of(&after));
    assert_eq!((old.endorsers, new.endorsers), (vec![(node_name(0), 1)], vec![(node_name(0), 5)]));
    assert_eq!((old.since_s, new.since_s.is_some()), (new.since_s, true), "a renewal makes no new member");
    let shown = &new.identities[0];
    assert_eq!((shown.serial, shown.valid_until, shown.key), (identity, until, node.address()));
    assert_eq!((shown.permits[0].serial, shown.permits[0].scope), (permit, Some(Scope::REQUEST)));

    let foreign = leave(alliance, &land.key, bank.name).await.unwrap_err();
    assert!(foreign.to_string().contains("NotTheAuthority"), "{foreign}");
    vote(alliance, &bank.key, bank.name, Ballot::Dissolve).await.unwrap();
    assert!(vote(alliance, &land.key, land.name, Ballot::Dissolve).await.unwrap().is_carried_out);
    assert_eq!(roster(alliance).await.unwrap().state, Some(AllianceState::Dissolved));
    let late = leave(alliance, &bank.key, bank.name).await.unwrap_err();
    assert!(late.to_string().contains("StateMismatch"), "{late}");
}
