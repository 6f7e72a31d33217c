//! Finding the value of a key from the top of a trie.

use alloy_primitives::B256;
use alloy_trie::Nibbles;

use super::{Child, KeptValue, LeafRef};

/// What a trie says about a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// It has no leaf.
    Nothing,
    /// Its leaf holds this.
    Value(KeptValue),
    /// There is a leaf where it would be, and what that holds stands elsewhere.
    Elsewhere,
}

/// Looks for `key` below `top`. `child` gives the child at a nibble of the branch that stands at a path, in the version that the reference to it names.
pub(crate) fn find<E>(
    top: Option<&Child>,
    key: &B256,
    child: impl Fn(&Nibbles, u64, u8) -> Result<Option<Child>, E>,
) -> Result<Found, E> {
    let nibbles = Nibbles::unpack(key);
    let (mut path, mut at) = (Nibbles::default(), top.cloned());
    loop {
        match at {
            None => return Ok(Found::Nothing),
            Some(Child::Leaf(LeafRef::Reference { .. })) => return Ok(Found::Elsewhere),
            Some(Child::Leaf(LeafRef::Whole { suffix, value })) => {
                let is_here = suffix == nibbles.slice(path.len()..);
                return Ok(if is_here { Found::Value(value) } else { Found::Nothing });
            }
            Some(Child::Branch(branch)) => {
                path = path.join(&branch.extension());
                let Some(nibble) = nibbles.get(path.len()).filter(|_| nibbles.starts_with(&path)) else {
                    return Ok(Found::Nothing);
                };
                at = child(&path, branch.version, nibble)?;
                path.push(nibble);
            }
        }
    }
}
