//! What is claimed of senders changes nothing (CHAIN-8), in blocks so large that claims are verified together.

use super::*;

/// Few, so that each signs often enough for its signatures to be verified together.
const SENDERS: u64 = 3;
const EACH: u64 = 60;

/// What somebody claims of the transaction at an index, given who signed it.
type Claimed = fn(usize, Address) -> Address;

fn another(signer: Address) -> Address {
    let all = (0..SENDERS).map(|number| Wallet::new(number).address());
    all.into_iter().find(|other| *other != signer).unwrap()
}

// CHAIN-8
#[test]
fn a_large_block_means_the_same_whatever_is_claimed_of_its_senders() {
    let proposer = TestChain::new();
    let wallets: Vec<_> = (0..SENDERS).map(Wallet::new).collect();
    let writes = (0..EACH).flat_map(|nonce| wallets.iter().map(move |wallet| wallet.write(nonce, nonce, nonce + 1)));
    proposer.add(writes.collect());
    let built = proposer.build_on(&proposer.head());
    let (block, signers) = (built.block().clone(), built.senders().to_vec());
    assert_eq!(block.transactions().len() as u64, SENDERS * EACH);
    let root = proposer.chain.tree().state(block.hash()).unwrap().root().unwrap();

    let claims: [(&str, Claimed); 4] = [
        ("true", |_, signer| signer),
        ("one false", |index, signer| if index == 100 { another(signer) } else { signer }),
        ("all false", |_, signer| another(signer)),
        ("of a stranger", |_, _| Address::repeat_byte(9)),
    ];
    for (name, claimed) in claims {
        let follower = TestChain::new();
        // Through the wire form: nothing is known of it.
        let received = Block::decode(&block.encode()).unwrap();
        for (index, transaction) in received.transactions().iter().enumerate() {
            assert_eq!(transaction.known_sender(), None);
            transaction.claim_sender(claimed(index, signers[index]));
        }
        let finalized = follower.finalize(&[received]);
        assert_eq!(finalized[0].senders().to_vec(), signers, "{name}");
        assert_eq!(follower.chain.head_state().root().unwrap(), root, "{name}");
        assert_eq!(finalized[0].block().header().state_root, root, "{name}");
    }
}
