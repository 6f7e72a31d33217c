//! Branches, what they refer to, and how both are written to disk.

use alloy_primitives::{B256, keccak256};
use alloy_trie::{
    Nibbles, TrieMask,
    nodes::{BranchNodeRef, ExtensionNodeRef, LeafNodeRef, RlpNode},
};

/// Children of a branch.
pub(crate) const WIDTH: usize = 16;

/// After this many differences in a row a branch is written in full, so that reading one is bounded.
const MAX_DIFFERENCES: u8 = 8;

/// What stands at a nibble of a branch, or on top of a trie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Child {
    /// The only key below.
    Leaf(LeafRef),
    /// More keys.
    Branch(BranchRef),
}

/// A reference to a leaf. Its key is remembered in memory where it is known.
#[derive(Clone, Debug)]
pub(crate) struct LeafRef {
    pub(crate) node: RlpNode,
    pub(crate) key: Option<B256>,
}

impl PartialEq for LeafRef {
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node
    }
}

impl Eq for LeafRef {}

/// A reference to a branch, some nibbles further down when there is an extension between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BranchRef {
    /// Nibbles between; almost always empty.
    pub(crate) extension: Option<Box<Nibbles>>,
    /// The branch itself (not the extension).
    pub(crate) node: RlpNode,
}

impl BranchRef {
    pub(crate) fn new(extension: Nibbles, node: RlpNode) -> Self {
        Self { extension: (!extension.is_empty()).then(|| Box::new(extension)), node }
    }

    pub(crate) fn extension(&self) -> Nibbles {
        self.extension.as_deref().copied().unwrap_or_default()
    }
}

impl Child {
    /// A leaf of `key` whose path begins after `depth` nibbles.
    pub(crate) fn leaf(depth: usize, key: B256, value: &[u8]) -> Self {
        let mut buffer = Vec::with_capacity(value.len() + 40);
        let suffix = Nibbles::unpack(key).slice(depth..);
        let node = LeafNodeRef::new(&suffix, value).rlp(&mut buffer);
        Self::Leaf(LeafRef { node, key: Some(key) })
    }

    /// What the node above holds: the RLP when it is shorter than 32 bytes, its hash otherwise.
    pub(crate) fn reference(&self) -> RlpNode {
        match self {
            Self::Leaf(leaf) => leaf.node.clone(),
            Self::Branch(BranchRef { extension: None, node }) => node.clone(),
            Self::Branch(BranchRef { extension: Some(extension), node }) => {
                ExtensionNodeRef::new(extension, node).rlp(&mut Vec::with_capacity(72))
            }
        }
    }

    /// The RLP of the extension above the branch, if there is one.
    pub(crate) fn extension_rlp(&self) -> Option<Vec<u8>> {
        let Self::Branch(BranchRef { extension: Some(extension), node }) = self else { return None };
        let mut out = Vec::with_capacity(72);
        ExtensionNodeRef::new(extension, node).rlp(&mut out);
        Some(out)
    }

    pub(crate) fn root_hash(&self) -> B256 {
        let reference = self.reference();
        reference.as_hash().unwrap_or_else(|| keccak256(&reference))
    }

    /// Appends the disk form: a tag, the extension where there is one, the reference.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let (tag, node) = match self {
            Self::Leaf(leaf) => (TAG_LEAF, &leaf.node),
            Self::Branch(BranchRef { extension: None, node }) => (TAG_BRANCH, node),
            Self::Branch(BranchRef { node, .. }) => (TAG_EXTENDED, node),
        };
        let hash = node.as_hash();
        out.push(if hash.is_some() { tag | TAG_HASHED } else { tag });
        if let Self::Branch(BranchRef { extension: Some(extension), .. }) = self {
            // At most 62 nibbles.
            out.push(extension.len() as u8);
            out.extend_from_slice(&extension.pack());
        }
        match hash {
            Some(hash) => out.extend_from_slice(hash.as_slice()),
            None => {
                // At most 31 bytes, or it would be a hash.
                out.push(node.len() as u8);
                out.extend_from_slice(node);
            }
        }
    }

    /// Reads what [`Self::encode`] wrote. `None`: the bytes are damaged.
    pub(crate) fn decode(bytes: &mut &[u8]) -> Option<Self> {
        let tag = take(bytes, 1)?[0];
        let extension = if tag & !TAG_HASHED == TAG_EXTENDED {
            let length = usize::from(take(bytes, 1)?[0]);
            if length > super::KEY_NIBBLES {
                return None;
            }
            let packed = take(bytes, length.div_ceil(2))?;
            Nibbles::unpack(packed).slice(..length)
        } else {
            Nibbles::default()
        };
        let node = if tag & TAG_HASHED != 0 {
            RlpNode::word_rlp(&B256::from_slice(take(bytes, 32)?))
        } else {
            let length = usize::from(take(bytes, 1)?[0]);
            // A node of a word or more is referred to by its hash, which has an encoding of its own.
            if length >= B256::len_bytes() {
                return None;
            }
            RlpNode::from_raw(take(bytes, length)?)?
        };
        match tag & !TAG_HASHED {
            TAG_LEAF => Some(Self::Leaf(LeafRef { node, key: None })),
            TAG_BRANCH | TAG_EXTENDED => Some(Self::Branch(BranchRef::new(extension, node))),
            _ => None,
        }
    }
}

const TAG_LEAF: u8 = 1;
const TAG_BRANCH: u8 = 2;
const TAG_EXTENDED: u8 = 3;
const TAG_HASHED: u8 = 0x80;

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (head, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(head)
}

/// A branch: up to sixteen children and no value, for all keys have one length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Branch {
    /// Bit `n` is set when there is a child at nibble `n`.
    mask: u16,
    /// The children in order of their nibbles.
    children: Vec<Child>,
    /// Differences written since the branch was last written in full.
    differences: u8,
}

/// How a version of a branch is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// All children.
    Full,
    /// The children of the mask, over the version before.
    Difference(u16),
}

const RECORD_DELETED: u8 = 0;
const RECORD_FULL: u8 = 1;
const RECORD_DIFFERENCE: u8 = 2;

/// One version of a branch as it stands on disk.
#[derive(Debug)]
pub(crate) enum BranchRecord {
    /// The branch ceased to exist.
    Deleted,
    /// All of it.
    Full(Branch),
    /// Replaces some children; `None` removes one.
    Difference(Vec<(u8, Option<Child>)>),
}

impl Branch {
    fn index(&self, nibble: u8) -> usize {
        (self.mask & ((1u16 << nibble) - 1)).count_ones() as usize
    }

    pub(crate) fn get(&self, nibble: u8) -> Option<&Child> {
        (self.mask & (1 << nibble) != 0).then(|| &self.children[self.index(nibble)])
    }

    pub(crate) fn set(&mut self, nibble: u8, child: Option<Child>) {
        let (index, present) = (self.index(nibble), self.mask & (1 << nibble) != 0);
        match (child, present) {
            (Some(child), true) => self.children[index] = child,
            (Some(child), false) => {
                self.children.insert(index, child);
                self.mask |= 1 << nibble;
            }
            (None, true) => {
                self.children.remove(index);
                self.mask &= !(1 << nibble);
            }
            (None, false) => {}
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.children.len()
    }

    /// The only child, with its nibble.
    pub(crate) fn only(&self) -> Option<(u8, &Child)> {
        (self.children.len() == 1).then(|| (self.mask.trailing_zeros() as u8, &self.children[0]))
    }

    /// Writes the RLP to `out` and returns the reference.
    pub(crate) fn rlp(&self, out: &mut Vec<u8>) -> RlpNode {
        let stack: Vec<RlpNode> = self.children.iter().map(Child::reference).collect();
        BranchNodeRef::new(&stack, TrieMask::new(self.mask)).rlp(out)
    }

    /// Decides how a version that differs from the one before in `changed` children is written, and counts it.
    pub(crate) fn next_form(&mut self, changed: u16, fresh: bool) -> Form {
        let few = changed.count_ones() * 2 <= self.mask.count_ones();
        if fresh || !few || self.differences + 1 >= MAX_DIFFERENCES {
            self.differences = 0;
            Form::Full
        } else {
            self.differences += 1;
            Form::Difference(changed)
        }
    }

    /// The disk form of this version.
    pub(crate) fn encode(&self, form: Form) -> Vec<u8> {
        match form {
            Form::Full => {
                let mut out = Vec::with_capacity(3 + self.children.len() * 33);
                out.push(RECORD_FULL);
                out.extend_from_slice(&self.mask.to_be_bytes());
                self.children.iter().for_each(|child| child.encode(&mut out));
                out
            }
            Form::Difference(changed) => {
                let mut out = Vec::with_capacity(5 + changed.count_ones() as usize * 33);
                out.push(RECORD_DIFFERENCE);
                out.extend_from_slice(&changed.to_be_bytes());
                out.extend_from_slice(&(changed & self.mask).to_be_bytes());
                (0..WIDTH as u8)
                    .filter(|nibble| changed & (1 << nibble) != 0)
                    .filter_map(|nibble| self.get(nibble))
                    .for_each(|child| child.encode(&mut out));
                out
            }
        }
    }

    /// The disk form of a branch that ceased to exist.
    pub(crate) fn encode_deleted() -> Vec<u8> {
        vec![RECORD_DELETED]
    }

    /// Joins a full version with the differences after it, oldest first.
    pub(crate) fn with_differences(mut self, differences: Vec<Vec<(u8, Option<Child>)>>) -> Self {
        self.differences = differences.len() as u8;
        for (nibble, child) in differences.into_iter().flatten() {
            self.set(nibble, child);
        }
        self
    }
}

impl BranchRecord {
    /// Reads what [`Branch::encode`] wrote. `None`: the bytes are damaged.
    pub(crate) fn decode(mut bytes: &[u8]) -> Option<Self> {
        let bytes = &mut bytes;
        let record = match take(bytes, 1)?[0] {
            RECORD_DELETED => Self::Deleted,
            RECORD_FULL => {
                let mask = take_mask(bytes)?;
                let children = (0..mask.count_ones()).map(|_| Child::decode(bytes)).collect::<Option<Vec<_>>>()?;
                Self::Full(Branch { mask, children, differences: 0 })
            }
            RECORD_DIFFERENCE => {
                let (changed, present) = (take_mask(bytes)?, take_mask(bytes)?);
                let mut entries = Vec::with_capacity(changed.count_ones() as usize);
                for nibble in (0..WIDTH as u8).filter(|nibble| changed & (1 << nibble) != 0) {
                    let child = if present & (1 << nibble) != 0 { Some(Child::decode(bytes)?) } else { None };
                    entries.push((nibble, child));
                }
                Self::Difference(entries)
            }
            _ => return None,
        };
        bytes.is_empty().then_some(record)
    }
}

fn take_mask(bytes: &mut &[u8]) -> Option<u16> {
    take(bytes, 2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
}
