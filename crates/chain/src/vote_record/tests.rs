#![allow(clippy::unwrap_used)]

use std::fs;

use commonware_codec::Encode as _;
use commonware_consensus::{
    simplex::{
        scheme::bls12381_multisig,
        types::{Finalize, Notarize, Nullify, Proposal, Vote},
    },
    types::{Epoch, Round, View},
};
use commonware_cryptography::{Hasher as _, Sha256, Signer as _};
use commonware_runtime::IoBufs;

use super::{covered::round_of, *};

const PARTITION: &str = "main-00000000-11111111";

fn round(epoch: u64, view: u64) -> Round {
    Round::new(Epoch::new(epoch), View::new(view))
}

/// The folder beside the keys, and that of the data.
struct Folders(tempfile::TempDir);

impl Folders {
    fn new() -> Self {
        let folders = Self(tempfile::tempdir().unwrap());
        fs::create_dir(folders.data()).unwrap();
        folders
    }

    fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    fn open(&self) -> VoteRecord {
        VoteRecord::open(self.0.path(), &self.data(), PARTITION).unwrap().0
    }

    fn copy(&self) -> PathBuf {
        self.data().join(format!("votes-{PARTITION}.copy"))
    }
}

#[test]
fn whoever_has_never_voted_may_vote() {
    let folders = Folders::new();
    assert_eq!(folders.open().standing(0, false), Standing::Votes);
}

// CHAIN-7
#[test]
fn without_its_journal_a_validator_abstains_through_the_bound_and_votes_in_later_epochs() {
    let folders = Folders::new();
    let record = folders.open();
    assert!(record.covers(round(2, 10)) && record.covers(round(2, 10 + HEADROOM)));
    let again = folders.open();
    assert_eq!(again.standing(2, true), Standing::Votes, "nothing is lost");
    assert_eq!(again.standing(2, false), Standing::Abstains { through: 10 + HEADROOM });
    assert_eq!(again.standing(3, false), Standing::Votes, "an epoch that it has not been in");
    assert_eq!(again.standing(1, true), Standing::Abstains { through: u64::MAX }, "an epoch that it has left");
}

// CHAIN-7
#[test]
fn data_that_were_put_back_are_as_good_as_lost() {
    let folders = Folders::new();
    let record = folders.open();
    assert!(record.covers(round(0, 1)));
    let backup = fs::read(folders.copy()).unwrap();
    assert!(record.covers(round(0, 100)));
    fs::write(folders.copy(), &backup).unwrap();
    assert_eq!(folders.open().standing(0, true), Standing::Votes, "one step behind is what a kill leaves");
    assert!(record.covers(round(0, 200)));
    fs::write(folders.copy(), &backup).unwrap();
    assert_eq!(folders.open().standing(0, true), Standing::Abstains { through: 200 + HEADROOM });
    fs::remove_file(folders.copy()).unwrap();
    assert_eq!(folders.open().standing(0, true), Standing::Abstains { through: 200 + HEADROOM });
}

#[test]
fn a_kill_between_the_first_two_writes_costs_nothing() {
    let folders = Folders::new();
    assert!(folders.open().covers(round(0, 1)));
    fs::remove_file(folders.copy()).unwrap();
    assert_eq!(folders.open().standing(0, true), Standing::Votes);
}

#[test]
fn after_abstaining_the_next_vote_makes_record_and_data_agree() {
    let folders = Folders::new();
    assert!(folders.open().covers(round(0, 1)));
    fs::remove_dir_all(folders.data()).unwrap();
    fs::create_dir(folders.data()).unwrap();
    let record = folders.open();
    assert_eq!(record.standing(0, false), Standing::Abstains { through: 1 + HEADROOM });
    assert!(record.covers(round(0, 2 + HEADROOM)));
    assert_eq!(folders.open().standing(0, true), Standing::Votes);
}

#[test]
fn the_bound_never_falls() {
    let folders = Folders::new();
    let record = folders.open();
    assert!(record.covers(round(1, 5)));
    assert!(record.covers(round(0, 900)), "an earlier epoch is below it");
    assert_eq!(folders.open().standing(1, false), Standing::Abstains { through: 5 + HEADROOM });
}

#[test]
fn a_vote_that_cannot_be_covered_is_held_back_and_somebody_is_told() {
    let folders = Folders::new();
    let gone = folders.0.path().join("gone");
    fs::create_dir(&gone).unwrap();
    let (record, mut failures) = VoteRecord::open(&gone, &folders.data(), PARTITION).unwrap();
    fs::remove_dir(&gone).unwrap();
    assert!(!record.covers(round(0, 1)));
    assert_eq!(failures.try_recv().unwrap().kind(), io::ErrorKind::NotFound);
    assert!(!record.covers(round(0, 1)), "and is not let through the next time");
}

#[test]
fn a_damaged_record_is_named() {
    let folders = Folders::new();
    for damaged in ["", "{}", "{\"bound\":{\"epoch\":0,\"view\":-1},\"before\":null}", "[1"] {
        fs::write(folders.0.path().join(format!("votes-{PARTITION}")), damaged).unwrap();
        let error = VoteRecord::open(folders.0.path(), &folders.data(), PARTITION).unwrap_err();
        assert!(
            matches!(&error, NodeError::VoteRecord { path, .. } if path.ends_with(format!("votes-{PARTITION}"))),
            "{error}"
        );
    }
}

// The guard reads no more of a vote than its round: this is where it stands in each kind.
#[test]
fn the_round_of_every_kind_of_vote_is_read() {
    use commonware_cryptography::{
        bls12381::primitives::{group::Private, ops, variant::MinPk},
        ed25519,
    };
    use commonware_utils::ordered::BiMap;
    let peer = ed25519::PrivateKey::from_seed(1).public_key();
    let secret: Private = commonware_codec::DecodeExt::decode([&[0u8; 31][..], &[7]].concat()).unwrap();
    let public = ops::compute_public::<MinPk>(&secret);
    let members = BiMap::try_from(vec![(peer, public)]).unwrap();
    let scheme = bls12381_multisig::Scheme::<ed25519::PublicKey, MinPk>::signer(b"test", members, secret).unwrap();
    let round = round(300, 70_000);
    let proposal = Proposal::new(round, View::new(69_999), Sha256::hash(&[b"block"]));
    let votes: [Vote<_, _>; 3] = [
        Vote::Notarize(Notarize::sign(&scheme, proposal.clone()).unwrap()),
        Vote::Nullify(Nullify::sign::<<Sha256 as commonware_cryptography::Hasher>::Digest>(&scheme, round).unwrap()),
        Vote::Finalize(Finalize::sign(&scheme, proposal).unwrap()),
    ];
    for vote in votes {
        assert_eq!(round_of(&IoBufs::from(vote.encode())), Some(round), "{vote:?}");
    }
    assert_eq!(round_of(&IoBufs::from(vec![0u8])), None);
}

// CHAIN-7: a key that was moved without its record, or beside which an older one was put back.
#[test]
fn a_record_that_was_left_behind_is_made_up_for_by_its_copy() {
    let folders = Folders::new();
    assert!(folders.open().covers(round(3, 5)));
    let record = folders.open().path().to_owned();
    let older = fs::read(&record).unwrap();
    assert!(folders.open().covers(round(3, 6 + HEADROOM)));
    let newest = folders.open().standing(3, false);
    fs::write(&record, older).unwrap();
    assert_eq!(folders.open().standing(3, false), newest, "an older one");
    fs::remove_file(&record).unwrap();
    assert_eq!(folders.open().standing(3, false), newest, "none");
    // Its journal may have been put back with the copy: nothing says that it was not.
    assert_eq!(folders.open().standing(3, true), newest, "none, with a journal");
}

// CHAIN-7: a validator that is moved with its key alone is one that has not voted here.
#[test]
fn without_record_and_copy_nothing_is_known_of_votes() {
    let folders = Folders::new();
    assert!(folders.open().covers(round(3, 5)));
    fs::remove_file(folders.open().path()).unwrap();
    fs::remove_file(folders.copy()).unwrap();
    assert_eq!(folders.open().standing(3, true), Standing::Votes);
}

// CHAIN-2: told at the start, and not when the first vote is to leave.
#[test]
fn a_folder_that_cannot_be_written_is_told_before_anything_is_voted_for() {
    let folders = Folders::new();
    // Where nobody makes files, whoever it is.
    let nowhere = Path::new("/proc/self");
    let (record, _) = VoteRecord::open(nowhere, &folders.data(), PARTITION).unwrap();
    let error = record.try_to_write().unwrap_err();
    assert!(matches!(&error, NodeError::VoteRecord { path, .. } if path.starts_with(nowhere)), "{error}");
    let record = folders.open();
    record.try_to_write().unwrap();
    assert!(!record.path().exists() && !record.path().with_extension("new").exists(), "trying leaves nothing");
}
