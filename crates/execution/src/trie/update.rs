//! One update of a trie from a sorted set of changes.

use std::sync::Arc;

use alloy_primitives::B256;
use alloy_trie::Nibbles;
use rayon::prelude::*;

use super::{
    Branch, BranchRef, Child, LeafRef, TrieSource,
    node::{Form, WIDTH},
};
use crate::{StateError, StoreError, parallel::WORTH_SHARING};

/// A key that changes.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    /// The hashed key.
    pub(crate) key: B256,
    /// The RLP that its leaf will hold; `None` removes it.
    pub(crate) value: Option<Vec<u8>>,
    /// Whether the key has a leaf before the update.
    pub(crate) existed: bool,
}

/// What happens to the branch at a path.
#[derive(Clone, Debug)]
pub(crate) enum NodeWrite {
    /// A new version.
    Put {
        /// What it is now.
        branch: Arc<Branch>,
        /// How to write it.
        form: Form,
        /// The version that it takes the place of.
        replaces: Option<u64>,
    },
    /// It ceases to exist.
    Delete {
        /// Its last version.
        replaces: u64,
    },
}

/// The outcome of an update.
#[derive(Debug, Default)]
pub(crate) struct TrieUpdate {
    /// The new top.
    pub(crate) top: Option<Child>,
    /// The branches that changed, each path once.
    pub(crate) writes: Vec<(Nibbles, NodeWrite)>,
}

/// Applies `changes`, sorted by key and free of duplicates, to the trie under `top`, in the block at `height`.
pub(crate) fn update(
    source: &dyn TrieSource,
    top: Option<Child>,
    changes: &[Change],
    height: u64,
) -> Result<TrieUpdate, StateError> {
    assert!(changes.windows(2).all(|pair| pair[0].key < pair[1].key), "changes are sorted and unique");
    let mut writes = Vec::new();
    let top = Updater { source, height }.apply(Nibbles::default(), top, changes, &mut writes)?;
    Ok(TrieUpdate { top, writes })
}

struct Updater<'a> {
    source: &'a dyn TrieSource,
    /// The version of what is written.
    height: u64,
}

type Writes = Vec<(Nibbles, NodeWrite)>;

impl Updater<'_> {
    /// The child at `path` after `changes`, all of whose keys start with `path`.
    fn apply(
        &self,
        path: Nibbles,
        child: Option<Child>,
        changes: &[Change],
        writes: &mut Writes,
    ) -> Result<Option<Child>, StateError> {
        if !changes.iter().any(Change::matters) {
            return Ok(child);
        }
        match child {
            None => Ok(self.build(path, &inserted(changes), writes)),
            Some(Child::Leaf(leaf)) => self.apply_to_leaf(path, leaf, changes, writes),
            Some(Child::Branch(branch)) => self.apply_to_branch(path, branch, changes, writes),
        }
    }

    fn apply_to_leaf(
        &self,
        path: Nibbles,
        leaf: LeafRef,
        changes: &[Change],
        writes: &mut Writes,
    ) -> Result<Option<Child>, StateError> {
        let mut entries = inserted(changes);
        // One leaf is below (TRIE-2): a change of an existing key is a change of this one.
        if changes.iter().any(|change| change.existed) {
            return Ok(self.build(path, &entries, writes));
        }
        let (key, value) = self.leaf_content(&path, &leaf, &[])?;
        let place = entries.partition_point(|(other, _)| **other < key);
        entries.insert(place, (&key, &value));
        Ok(self.build(path, &entries, writes))
    }

    fn apply_to_branch(
        &self,
        path: Nibbles,
        branch: BranchRef,
        changes: &[Change],
        writes: &mut Writes,
    ) -> Result<Option<Child>, StateError> {
        let extension = branch.extension();
        // How much of the extension all new keys share; a key that exists shares all of it.
        let shared = changes
            .iter()
            .filter(|change| change.value.is_some())
            .map(|change| Nibbles::unpack(change.key).slice(path.len()..).common_prefix_length(&extension))
            .min()
            .unwrap_or(extension.len());
        if shared < extension.len() {
            let mut split = Branch::default();
            let nibble = extension.get_unchecked(shared);
            let below = BranchRef::new(extension.slice(shared + 1..), branch.node, branch.version);
            split.set(nibble, Some(Child::Branch(below)));
            return self.apply_to_children(path, extension.slice(..shared), split, None, changes, writes);
        }
        let at = path.join(&extension);
        let node =
            self.source.branch(&at, branch.version)?.ok_or_else(|| damaged("a branch of the trie is missing"))?;
        self.apply_to_children(path, extension, Arc::unwrap_or_clone(node), Some(branch), changes, writes)
    }

    /// Updates the children of `branch`, which stands at `path` + `extension`. `before` is the reference to it, `None` for a
    /// branch that this update made.
    fn apply_to_children(
        &self,
        path: Nibbles,
        extension: Nibbles,
        mut branch: Branch,
        before: Option<BranchRef>,
        changes: &[Change],
        writes: &mut Writes,
    ) -> Result<Option<Child>, StateError> {
        let at = path.join(&extension);
        let groups = group_by_nibble(&at, changes);
        let one = |nibble: u8, group: &[Change], writes: &mut Writes| {
            let mut below = at;
            below.push(nibble);
            self.apply(below, branch.get(nibble).cloned(), group, writes)
        };
        let mut results = Vec::with_capacity(groups.len());
        if changes.len() >= WORTH_SHARING && groups.len() > 1 {
            let parallel: Vec<(u8, Result<Option<Child>, StateError>, Writes)> = groups
                .par_iter()
                .map(|(nibble, group)| {
                    let mut writes = Writes::new();
                    (*nibble, one(*nibble, group, &mut writes), writes)
                })
                .collect();
            for (nibble, child, mut below) in parallel {
                results.push((nibble, child?));
                writes.append(&mut below);
            }
        } else {
            for (nibble, group) in &groups {
                results.push((*nibble, one(*nibble, group, writes)?));
            }
        }
        let mut changed = 0u16;
        for (nibble, child) in results {
            if branch.get(nibble) != child.as_ref() {
                changed |= 1 << nibble;
                branch.set(nibble, child);
            }
        }
        let replaces = before.as_ref().map(|before| before.version);
        if let (0, Some(before)) = (changed, before) {
            return Ok(Some(Child::Branch(before)));
        }
        if branch.len() >= 2 {
            let form = branch.next_form(changed, replaces);
            return Ok(Some(self.put(extension, at, NewVersion { branch, form, replaces }, writes)));
        }
        if let Some(replaces) = replaces {
            writes.push((at, NodeWrite::Delete { replaces }));
        }
        let Some((nibble, only)) = branch.only() else { return Ok(None) };
        let mut below = at;
        below.push(nibble);
        match only {
            Child::Branch(lower) => {
                let mut joined = extension;
                joined.push(nibble);
                let joined = joined.join(&lower.extension());
                Ok(Some(Child::Branch(BranchRef::new(joined, lower.node.clone(), lower.version))))
            }
            Child::Leaf(leaf) => {
                let (key, value) = self.leaf_content(&below, leaf, changes)?;
                Ok(Some(Child::leaf(path.len(), key, &value)))
            }
        }
    }

    /// Key and value of the only leaf below `prefix` once `changes` are made.
    fn leaf_content(
        &self,
        prefix: &Nibbles,
        leaf: &LeafRef,
        changes: &[Change],
    ) -> Result<(B256, Vec<u8>), StateError> {
        let changed =
            changes.iter().find(|change| change.value.is_some() && Nibbles::unpack(change.key).starts_with(prefix));
        if let Some(Change { key, value: Some(value), .. }) = changed {
            return Ok((*key, value.clone()));
        }
        match leaf {
            LeafRef::Whole { suffix, value } => {
                let key = prefix.join(suffix).pack();
                let key = B256::try_from(key.as_slice()).map_err(|_| damaged("a leaf of the trie lies at no key"))?;
                return Ok((key, value.to_vec()));
            }
            LeafRef::Reference { key: Some(key), .. } => {
                let value = self.source.value(key)?.ok_or_else(|| damaged("a leaf of the trie has no value"))?;
                return Ok((*key, value));
            }
            LeafRef::Reference { key: None, .. } => {}
        }
        let removed = |key: &B256| changes.binary_search_by(|change| change.key.cmp(key)).is_ok();
        self.source.first_leaf(prefix, &removed)?.ok_or_else(|| damaged("a leaf of the trie has no key"))
    }

    /// Makes the subtree of `entries`, sorted by key, whose keys all start with `path`.
    fn build(&self, path: Nibbles, entries: &[(&B256, &[u8])], writes: &mut Writes) -> Option<Child> {
        match entries {
            [] => None,
            [(key, value)] => Some(Child::leaf(path.len(), **key, value)),
            [(first, _), .., (last, _)] => {
                let shared = Nibbles::unpack(first).common_prefix_length(&Nibbles::unpack(last));
                let at = Nibbles::unpack(first).slice(..shared);
                let mut branch = Branch::default();
                for group in entries.chunk_by(|(a, _), (b, _)| nibble_at(a, shared) == nibble_at(b, shared)) {
                    let nibble = nibble_at(group[0].0, shared);
                    let mut below = at;
                    below.push(nibble);
                    branch.set(nibble, self.build(below, group, writes));
                }
                let version = NewVersion { branch, form: Form::Full, replaces: None };
                Some(self.put(at.slice(path.len()..), at, version, writes))
            }
        }
    }

    fn put(&self, extension: Nibbles, at: Nibbles, version: NewVersion, writes: &mut Writes) -> Child {
        let NewVersion { branch, form, replaces } = version;
        let node = branch.rlp(&mut Vec::with_capacity(544));
        writes.push((at, NodeWrite::Put { branch: Arc::new(branch), form, replaces }));
        Child::Branch(BranchRef::new(extension, node, self.height))
    }
}

/// A branch that changed, before it is hashed.
struct NewVersion {
    branch: Branch,
    form: Form,
    replaces: Option<u64>,
}

impl Change {
    /// Removing what is not there changes nothing.
    fn matters(&self) -> bool {
        self.existed || self.value.is_some()
    }
}

fn damaged(problem: &'static str) -> StateError {
    StateError::Store(StoreError::damaged(problem))
}

fn inserted(changes: &[Change]) -> Vec<(&B256, &[u8])> {
    changes.iter().filter_map(|change| Some((&change.key, change.value.as_deref()?))).collect()
}

/// Splits sorted changes below `at` by their next nibble; those that do not lie below (they remove nothing) are left out.
fn group_by_nibble<'c>(at: &Nibbles, changes: &'c [Change]) -> Vec<(u8, &'c [Change])> {
    let depth = at.len();
    let nibble_of = |change: &Change| nibble_at(&change.key, depth);
    let start = changes.iter().position(|change| Nibbles::unpack(change.key).starts_with(at)).unwrap_or(changes.len());
    let length = changes[start..].iter().take_while(|change| Nibbles::unpack(change.key).starts_with(at)).count();
    let below = &changes[start..start + length];
    let mut groups = Vec::with_capacity(WIDTH.min(below.len()));
    for group in below.chunk_by(|a, b| nibble_of(a) == nibble_of(b)) {
        groups.push((nibble_of(&group[0]), group));
    }
    groups
}

fn nibble_at(key: &B256, depth: usize) -> u8 {
    let byte = key[depth / 2];
    if depth.is_multiple_of(2) { byte >> 4 } else { byte & 0x0f }
}
