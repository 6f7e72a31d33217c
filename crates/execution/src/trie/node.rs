//! Branches, what they refer to, and how both are written to disk.

use alloy_primitives::{B256, keccak256};
use alloy_rlp::{Decodable, Encodable};
use alloy_trie::{
    Nibbles, TrieMask,
    nodes::{BranchNodeRef, ExtensionNodeRef, LeafNodeRef, RlpNode},
};
use arrayvec::ArrayVec;

/// Children of a branch.
pub(crate) const WIDTH: usize = 16;

/// After this many differences in a row a branch is written in full, so that reading one is bounded.
const MAX_DIFFERENCES: u8 = 8;

/// A branch with no more children is always written in full: it is about as short as a difference, and read at once. In a large trie nearly all
/// branches that are not in memory are of this kind.
const SMALL_BRANCH: usize = 8;

/// Longest value of a leaf that stands whole in the branch above, in bytes: the RLP of a 256-bit number, which is what leaves of storage tries hold.
/// Those of the account trie hold more.
const MAX_KEPT_VALUE: usize = 33;

/// A short value of a leaf, as the leaf holds it.
pub(crate) type KeptValue = ArrayVec<u8, MAX_KEPT_VALUE>;

/// What stands at a nibble of a branch, or on top of a trie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Child {
    /// The only key below.
    Leaf(LeafRef),
    /// More keys.
    Branch(BranchRef),
}

/// A leaf, seen from above.
#[derive(Clone, Debug)]
pub(crate) enum LeafRef {
    /// With all that it holds, which is short. Its hash is computed when the node above is hashed.
    Whole {
        /// The nibbles of its key from here on.
        suffix: Nibbles,
        /// What it holds.
        value: KeptValue,
    },
    /// By its reference; what it holds is long and stands in the flat state. Stores of format 4 and before have all leaves so.
    Reference {
        /// Its hash, or the leaf itself when that is shorter.
        node: RlpNode,
        /// Remembered in memory where it is known.
        key: Option<B256>,
    },
}

impl PartialEq for LeafRef {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Whole { suffix, value }, Self::Whole { suffix: other, value: others }) => {
                suffix == other && value == others
            }
            _ => self.node() == other.node(),
        }
    }
}

impl Eq for LeafRef {}

impl LeafRef {
    /// What the node above holds.
    pub(crate) fn node(&self) -> RlpNode {
        match self {
            Self::Whole { suffix, value } => {
                LeafNodeRef::new(suffix, value).rlp(&mut Vec::with_capacity(value.len() + 40))
            }
            Self::Reference { node, .. } => node.clone(),
        }
    }
}

/// A reference to a branch, some nibbles further down when there is an extension between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BranchRef {
    /// Nibbles between; almost always empty.
    pub(crate) extension: Option<Box<Nibbles>>,
    /// The branch itself (not the extension).
    pub(crate) node: RlpNode,
    /// The height of the block that wrote the branch: where it stands in the store (TRIE-4).
    pub(crate) version: u64,
}

impl BranchRef {
    pub(crate) fn new(extension: Nibbles, node: RlpNode, version: u64) -> Self {
        Self { extension: (!extension.is_empty()).then(|| Box::new(extension)), node, version }
    }

    pub(crate) fn extension(&self) -> Nibbles {
        self.extension.as_deref().copied().unwrap_or_default()
    }
}

impl Child {
    /// A leaf of `key` whose path begins after `depth` nibbles.
    pub(crate) fn leaf(depth: usize, key: B256, value: &[u8]) -> Self {
        let suffix = Nibbles::unpack(key).slice(depth..);
        Self::Leaf(match KeptValue::try_from(value) {
            Ok(value) => LeafRef::Whole { suffix, value },
            Err(_) => {
                let node = LeafNodeRef::new(&suffix, value).rlp(&mut Vec::with_capacity(value.len() + 40));
                LeafRef::Reference { node, key: Some(key) }
            }
        })
    }

    /// What the node above holds: the RLP when it is shorter than 32 bytes, its hash otherwise.
    pub(crate) fn reference(&self) -> RlpNode {
        match self {
            Self::Leaf(leaf) => leaf.node(),
            Self::Branch(BranchRef { extension: None, node, .. }) => node.clone(),
            Self::Branch(BranchRef { extension: Some(extension), node, .. }) => {
                ExtensionNodeRef::new(extension, node).rlp(&mut Vec::with_capacity(72))
            }
        }
    }

    /// The RLP of the extension above the branch, if there is one.
    pub(crate) fn extension_rlp(&self) -> Option<Vec<u8>> {
        let Self::Branch(BranchRef { extension: Some(extension), node, .. }) = self else { return None };
        let mut out = Vec::with_capacity(72);
        ExtensionNodeRef::new(extension, node).rlp(&mut out);
        Some(out)
    }

    pub(crate) fn root_hash(&self) -> B256 {
        let reference = self.reference();
        reference.as_hash().unwrap_or_else(|| keccak256(&reference))
    }

    /// Appends the disk form: a tag; of a leaf with all that it holds the suffix and the value; of others the extension where there is one, the
    /// reference, the version of a branch.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let (tag, node) = match self {
            Self::Leaf(LeafRef::Whole { suffix, value }) => {
                out.push(TAG_WHOLE_LEAF);
                encode_nibbles(suffix, out);
                // At most 33.
                out.push(value.len() as u8);
                out.extend_from_slice(value);
                return;
            }
            Self::Leaf(LeafRef::Reference { node, .. }) => (TAG_LEAF, node),
            Self::Branch(BranchRef { extension: None, node, .. }) => (TAG_BRANCH, node),
            Self::Branch(BranchRef { node, .. }) => (TAG_EXTENDED, node),
        };
        let hash = node.as_hash();
        out.push(if hash.is_some() { tag | TAG_HASHED } else { tag });
        if let Self::Branch(BranchRef { extension: Some(extension), .. }) = self {
            encode_nibbles(extension, out);
        }
        match hash {
            Some(hash) => out.extend_from_slice(hash.as_slice()),
            None => {
                // At most 31 bytes, or it would be a hash.
                out.push(node.len() as u8);
                out.extend_from_slice(node);
            }
        }
        if let Self::Branch(branch) = self {
            branch.version.encode(out);
        }
    }

    /// Reads what [`Self::encode`] wrote. `None`: the bytes are damaged.
    pub(crate) fn decode(bytes: &mut &[u8]) -> Option<Self> {
        let tag = take(bytes, 1)?[0];
        if tag == TAG_WHOLE_LEAF {
            let suffix = decode_nibbles(bytes)?;
            let length = usize::from(take(bytes, 1)?[0]);
            let value = KeptValue::try_from(take(bytes, length)?).ok()?;
            return Some(Self::Leaf(LeafRef::Whole { suffix, value }));
        }
        let extension = if tag & !TAG_HASHED == TAG_EXTENDED { decode_nibbles(bytes)? } else { Nibbles::default() };
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
            TAG_LEAF => Some(Self::Leaf(LeafRef::Reference { node, key: None })),
            TAG_BRANCH | TAG_EXTENDED => {
                let version = u64::decode(bytes).ok()?;
                Some(Self::Branch(BranchRef::new(extension, node, version)))
            }
            _ => None,
        }
    }

    /// Passes over what [`Self::encode`] wrote. `None`: the bytes are damaged.
    fn skip(bytes: &mut &[u8]) -> Option<()> {
        let tag = take(bytes, 1)?[0];
        if tag == TAG_WHOLE_LEAF || tag & !TAG_HASHED == TAG_EXTENDED {
            let nibbles = usize::from(take(bytes, 1)?[0]);
            take(bytes, nibbles.div_ceil(2))?;
        }
        let rest = if tag & TAG_HASHED != 0 { B256::len_bytes() } else { usize::from(take(bytes, 1)?[0]) };
        take(bytes, rest)?;
        if matches!(tag & !TAG_HASHED, TAG_BRANCH | TAG_EXTENDED) {
            u64::decode(bytes).ok()?;
        }
        Some(())
    }
}

/// A length, and nibbles in pairs.
fn encode_nibbles(nibbles: &Nibbles, out: &mut Vec<u8>) {
    // At most 64.
    out.push(nibbles.len() as u8);
    out.extend_from_slice(&nibbles.pack());
}

fn decode_nibbles(bytes: &mut &[u8]) -> Option<Nibbles> {
    let length = usize::from(take(bytes, 1)?[0]);
    if length > super::KEY_NIBBLES {
        return None;
    }
    let packed = take(bytes, length.div_ceil(2))?;
    Some(Nibbles::unpack(packed).slice(..length))
}

const TAG_LEAF: u8 = 1;
const TAG_BRANCH: u8 = 2;
const TAG_EXTENDED: u8 = 3;
const TAG_WHOLE_LEAF: u8 = 4;
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
    /// The children of a mask, over another version.
    Difference {
        /// Bit `n` is set when the child at nibble `n` differs.
        changed: u16,
        /// The version that it differs from.
        base: u64,
    },
}

const RECORD_FULL: u8 = 1;
const RECORD_DIFFERENCE: u8 = 2;

/// One version of a branch as it stands on disk.
#[derive(Debug)]
pub(crate) enum BranchRecord {
    /// All of it.
    Full(Branch),
    /// Differs from another version.
    Difference(Difference),
}

/// What is different from the version `base`.
#[derive(Debug)]
pub(crate) struct Difference {
    pub(crate) base: u64,
    /// Replaces some children; `None` removes one.
    children: Vec<(u8, Option<Child>)>,
}

impl Difference {
    /// Bit `n` is set when the child at nibble `n` differs.
    pub(crate) fn changed(&self) -> u16 {
        self.children.iter().fold(0, |mask, (nibble, _)| mask | 1 << nibble)
    }
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

    /// Decides how a version is written that differs from `base` in `changed` children, and counts it. `None`: there was no version before.
    pub(crate) fn next_form(&mut self, changed: u16, base: Option<u64>) -> Form {
        let children = self.children.len();
        let few = children > SMALL_BRANCH && changed.count_ones() as usize * 2 <= children;
        match base {
            Some(base) if few && self.differences + 1 < MAX_DIFFERENCES => {
                self.differences += 1;
                Form::Difference { changed, base }
            }
            _ => {
                self.differences = 0;
                Form::Full
            }
        }
    }

    /// The disk form of this version.
    pub(crate) fn encode(&self, form: Form) -> Vec<u8> {
        match form {
            Form::Full => self.encode_full(),
            Form::Difference { changed, base } => {
                let mut out = Vec::with_capacity(14 + changed.count_ones() as usize * 40);
                out.push(RECORD_DIFFERENCE);
                base.encode(&mut out);
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

    /// The disk form with all children.
    pub(crate) fn encode_full(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(3 + self.children.len() * 40);
        out.push(RECORD_FULL);
        out.extend_from_slice(&self.mask.to_be_bytes());
        self.children.iter().for_each(|child| child.encode(&mut out));
        out
    }

    /// Reads what [`Self::encode_full`] wrote of a branch with so many differences.
    pub(crate) fn decode_full(bytes: &[u8], differences: u8) -> Option<Self> {
        match BranchRecord::decode(bytes)? {
            BranchRecord::Full(branch) => Some(Self { differences, ..branch }),
            BranchRecord::Difference(_) => None,
        }
    }

    /// The child at a nibble of what [`Self::encode_full`] wrote, and no other child read. `None`: the bytes are damaged.
    pub(crate) fn child_in(mut bytes: &[u8], nibble: u8) -> Option<Option<Child>> {
        let bytes = &mut bytes;
        if take(bytes, 1)?[0] != RECORD_FULL {
            return None;
        }
        let mask = take_mask(bytes)?;
        if mask & (1 << nibble) == 0 {
            return Some(None);
        }
        for _ in 0..(mask & ((1 << nibble) - 1)).count_ones() {
            Child::skip(bytes)?;
        }
        Child::decode(bytes).map(Some)
    }

    /// Differences written since the branch was last written in full.
    pub(crate) fn differences(&self) -> u8 {
        self.differences
    }

    /// Joins a full version with the differences from it, oldest first.
    pub(crate) fn with_differences(mut self, differences: Vec<Difference>) -> Self {
        // At most MAX_DIFFERENCES are written in a row.
        self.differences = differences.len() as u8;
        for (nibble, child) in differences.into_iter().flat_map(|difference| difference.children) {
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
            RECORD_FULL => {
                let mask = take_mask(bytes)?;
                let children = (0..mask.count_ones()).map(|_| Child::decode(bytes)).collect::<Option<Vec<_>>>()?;
                Self::Full(Branch { mask, children, differences: 0 })
            }
            RECORD_DIFFERENCE => {
                let base = u64::decode(bytes).ok()?;
                let (changed, present) = (take_mask(bytes)?, take_mask(bytes)?);
                let mut children = Vec::with_capacity(changed.count_ones() as usize);
                for nibble in (0..WIDTH as u8).filter(|nibble| changed & (1 << nibble) != 0) {
                    let child = if present & (1 << nibble) != 0 { Some(Child::decode(bytes)?) } else { None };
                    children.push((nibble, child));
                }
                Self::Difference(Difference { base, children })
            }
            _ => return None,
        };
        bytes.is_empty().then_some(record)
    }
}

fn take_mask(bytes: &mut &[u8]) -> Option<u16> {
    take(bytes, 2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
}
