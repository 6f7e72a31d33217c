use chancery_execution::StateError;

use super::*;

fn store_error() -> StoreError {
    StoreError { action: "reading", message: "it is damaged: an unknown record".to_owned() }
}

fn chain() -> String {
    "main".to_owned()
}

/// The ways to make a node's data whole, by their commands.
const WAYS: [&str; 3] =
    ["`chancery restore --replace`", "`chancery snapshot import --replace`", "where another node has the chain"];

// CHAIN-6
#[test]
fn data_that_cannot_be_read_are_named_with_every_way_to_repair_them() {
    let unreadable = || RegistryError::State(StateError::Store(store_error()));
    let errors = [
        NodeError::Store(store_error()),
        NodeError::Damaged { chain: chain(), problem: "the store has no genesis block".to_owned() },
        NodeError::Registry { chain: chain(), epoch: 3, source: unreadable() },
        NodeError::Permissions { chain: chain(), source: unreadable() },
        NodeError::Finalize { chain: chain(), source: Box::new(FinalizeError::Store(store_error())) },
    ];
    for error in errors {
        let said = error.to_string();
        assert!(WAYS.iter().all(|way| said.contains(way)), "{said}");
        // Whoever empties a folder must not empty that of the keys: without the record nothing keeps the validator from voting twice.
        assert!(said.contains("keys and the `votes-*` beside them stay"), "{said}");
    }
    let opening = OpenError::Store(store_error()).to_string();
    assert!(opening.contains("it is damaged") && WAYS[..2].iter().all(|way| opening.contains(way)), "{opening}");
}

// CHAIN-6, CHAIN-7: put back, consensus' files would make a validator vote against itself.
#[test]
fn consensus_files_are_removed_and_never_put_back() {
    let errors = [
        NodeError::ConsensusStorage { partition: "main-0-1".to_owned(), message: "a checksum".to_owned() },
        NodeError::PartEnded { chain: chain(), part: "consensus" },
    ];
    for error in errors {
        let said = error.to_string();
        assert!(said.contains("remove") && said.contains("`votes-*` beside its key"), "{said}");
        assert!(!said.contains("restore") && !said.contains("backup"), "{said}");
    }
}

// CHAIN-5: nobody else has what the only node of a chain has lost.
#[test]
fn the_only_node_of_a_chain_is_sent_to_its_backup() {
    let data_dir = PathBuf::from("data/chain");
    let said = NodeError::ExecutionBehind {
        chain: chain(),
        data_dir,
        partition: "main-0-1".to_owned(),
        head: 3,
        processed: 9,
    }
    .to_string();
    assert!(said.contains(WAYS[0]) && !said.contains("remove") && !said.contains("fetches"), "{said}");
}
