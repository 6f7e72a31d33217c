//! A whole trie made from its leaves in ascending order, holding no more than the branches above the newest leaf.

use alloy_primitives::B256;
use alloy_trie::{Nibbles, nodes::RlpNode};

use super::{Branch, BranchRef, Child};

/// Makes a trie from its leaves. The branches leave it as they are complete; the result is that of one update of an empty trie (TRIE-3).
#[derive(Debug)]
pub(crate) struct TrieBuilder {
    /// The height that its branches are written for.
    version: u64,
    /// Branches that may get more children, from the top; each lies on the way to the newest leaf.
    open: Vec<OpenBranch>,
    newest: Option<(B256, Vec<u8>)>,
}

/// A branch with the nibbles above it.
#[derive(Debug)]
struct OpenBranch {
    depth: usize,
    branch: Branch,
}

/// What stands below an open branch and is complete.
enum Complete {
    Leaf(Vec<u8>),
    Branch { depth: usize, node: RlpNode },
}

impl TrieBuilder {
    /// A trie without leaves, whose branches are to be written as those of the block at height `version`.
    pub(crate) fn new(version: u64) -> Self {
        Self { version, open: Vec::new(), newest: None }
    }

    /// Adds a leaf; `write` takes the branches that no later leaf can change. False: the key is not above the one before, and nothing is done.
    #[must_use]
    pub(crate) fn push(&mut self, key: B256, value: Vec<u8>, write: &mut dyn FnMut(Nibbles, Branch)) -> bool {
        if let Some((before, _)) = &self.newest {
            if *before >= key {
                return false;
            }
            let shared = Nibbles::unpack(before).common_prefix_length(&Nibbles::unpack(key));
            self.close(Some(shared), write);
        }
        self.newest = Some((key, value));
        true
    }

    /// The top of the trie; `None` without leaves.
    pub(crate) fn finish(mut self, write: &mut dyn FnMut(Nibbles, Branch)) -> Option<Child> {
        self.close(None, write)
    }

    /// Hangs the newest leaf where it belongs, given how many nibbles the next one shares with it, and completes the branches that the next one
    /// does not lie below. The top, if there is no next one.
    fn close(&mut self, shared: Option<usize>, write: &mut dyn FnMut(Nibbles, Branch)) -> Option<Child> {
        let (key, value) = self.newest.take()?;
        let nibbles = Nibbles::unpack(key);
        let mut complete = Complete::Leaf(value);
        loop {
            let lowest = self.open.last().map(|open| open.depth);
            if shared.is_some() && shared > lowest {
                self.open.push(OpenBranch { depth: shared?, branch: Branch::default() });
                continue;
            }
            let Some(OpenBranch { depth, branch }) = self.open.last_mut() else {
                return Some(complete.child(0, key, &nibbles, self.version));
            };
            let depth = *depth;
            branch.set(nibbles.get_unchecked(depth), Some(complete.child(depth + 1, key, &nibbles, self.version)));
            if shared == Some(depth) {
                return None;
            }
            let OpenBranch { branch, .. } = self.open.pop()?;
            let node = branch.rlp(&mut Vec::with_capacity(544));
            write(nibbles.slice(..depth), branch);
            complete = Complete::Branch { depth, node };
        }
    }
}

impl Complete {
    /// The reference to it from `above` nibbles on.
    fn child(self, above: usize, key: B256, nibbles: &Nibbles, version: u64) -> Child {
        match self {
            Self::Leaf(value) => Child::leaf(above, key, &value),
            Self::Branch { depth, node } => Child::Branch(BranchRef::new(nibbles.slice(above..depth), node, version)),
        }
    }
}
