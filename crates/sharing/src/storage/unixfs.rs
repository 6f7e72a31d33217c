//! The address that IPFS gives a file: UnixFS, balanced tree, raw leaves of 256 KiB, at most 174 links a node: what kubo makes with
//! `cid-version=1 raw-leaves chunker=size-262144`. Computed here, so that no store is believed.

use ring::digest::{SHA256, digest};

use super::cid::{Cid, Codec};

/// Bytes of a leaf; the last may have fewer.
const LEAF_BYTES: usize = 256 * 1024;
const MAX_LINKS: usize = 174;
/// UnixFS `DataType.File`.
const FILE: u64 = 2;

/// A child of a node.
#[derive(Clone, Copy, Debug)]
struct Link {
    cid: Cid,
    /// Bytes of the file below it.
    file_bytes: u64,
    /// Bytes of all blocks below it.
    total_bytes: u64,
}

/// Computes the address while the file passes. Memory grows by 56 bytes for each 256 KiB leaf of the level being filled, at most 174 a level.
#[derive(Debug, Default)]
pub struct UnixFsHasher {
    leaf: Vec<u8>,
    levels: Vec<Vec<Link>>,
    any: bool,
}

impl UnixFsHasher {
    /// Takes the next bytes of the file.
    pub fn update(&mut self, mut data: &[u8]) {
        while !data.is_empty() {
            if self.leaf.len() == LEAF_BYTES {
                self.close_leaf();
            }
            let (taken, rest) = data.split_at(data.len().min(LEAF_BYTES - self.leaf.len()));
            self.leaf.extend_from_slice(taken);
            data = rest;
        }
    }

    /// The file's address.
    #[must_use]
    pub fn finish(mut self) -> Cid {
        if !self.leaf.is_empty() || !self.any {
            self.close_leaf();
        }
        let mut level = 0;
        loop {
            let links = std::mem::take(&mut self.levels[level]);
            let top = level + 1 == self.levels.len();
            match links.as_slice() {
                [only] if top => return only.cid,
                [] => {}
                links => self.push(level + 1, node(links)),
            }
            level += 1;
        }
    }

    fn close_leaf(&mut self) {
        self.any = true;
        let bytes = self.leaf.len() as u64;
        let link = Link { cid: Cid::new(Codec::Raw, sha256(&self.leaf)), file_bytes: bytes, total_bytes: bytes };
        self.leaf.clear();
        self.push(0, link);
    }

    /// A full level becomes a node when one more comes, so that a tree of exactly one full level has no root above its root.
    fn push(&mut self, level: usize, link: Link) {
        if self.levels.len() == level {
            self.levels.push(Vec::new());
        }
        if self.levels[level].len() == MAX_LINKS {
            let links = std::mem::take(&mut self.levels[level]);
            self.push(level + 1, node(&links));
        }
        self.levels[level].push(link);
    }
}

/// A dag-pb node: links first, then UnixFS data, as its canonical form has it.
fn node(links: &[Link]) -> Link {
    let mut block = Vec::with_capacity(links.len() * 56);
    let mut data = Vec::with_capacity(links.len() * 5 + 16);
    field(&mut data, 1, FILE);
    field(&mut data, 3, links.iter().map(|link| link.file_bytes).sum());
    for link in links {
        field(&mut data, 4, link.file_bytes);
        let mut encoded = Vec::with_capacity(56);
        bytes(&mut encoded, 1, &link.cid.to_bytes());
        bytes(&mut encoded, 2, &[]);
        field(&mut encoded, 3, link.total_bytes);
        bytes(&mut block, 2, &encoded);
    }
    bytes(&mut block, 1, &data);
    Link {
        cid: Cid::new(Codec::DagPb, sha256(&block)),
        file_bytes: links.iter().map(|link| link.file_bytes).sum(),
        total_bytes: block.len() as u64 + links.iter().map(|link| link.total_bytes).sum::<u64>(),
    }
}

fn field(out: &mut Vec<u8>, number: u8, value: u64) {
    out.push(number << 3);
    varint(out, value);
}

fn bytes(out: &mut Vec<u8>, number: u8, value: &[u8]) {
    out.push(number << 3 | 2);
    varint(out, value.len() as u64);
    out.extend_from_slice(value);
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn sha256(data: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, data).as_ref());
    hash
}
