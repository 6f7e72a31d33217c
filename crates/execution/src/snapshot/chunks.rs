//! Snapshots taken apart and put together, with hashes and a summary that are right, as a forger would make them: whoever holds the import against
//! chunks of all kinds begins where the hashes end.

use alloy_rlp::Decodable as _;

use super::{
    Manifest, SnapshotError,
    frame::{FrameReader, FrameWriter, Kind},
};

/// The chunks of a snapshot up to its end: what each is, and what stands in it.
///
/// # Errors
/// [`SnapshotError`]
pub fn snapshot_chunks(snapshot: &[u8]) -> Result<Vec<(u8, Vec<u8>)>, SnapshotError> {
    let mut reader = FrameReader::start(snapshot)?;
    let mut chunks = Vec::new();
    loop {
        let (kind, bytes) = reader.read()?;
        chunks.push((kind as u8, bytes));
        if kind == Kind::End {
            reader.finish()?;
            return Ok(chunks);
        }
    }
}

/// A snapshot of these chunks. What the last one says of their number and hashes is put right if it can be read; a chunk of no kind ends it.
///
/// # Errors
/// [`SnapshotError::Malformed`]: a chunk is too large.
pub fn snapshot_of_chunks(chunks: &[(u8, Vec<u8>)]) -> Result<Vec<u8>, SnapshotError> {
    let mut out = Vec::new();
    let mut writer = FrameWriter::start(&mut out)?;
    for (kind, bytes) in chunks {
        let Some(kind) = Kind::of(*kind) else { break };
        match Manifest::decode(&mut bytes.as_slice()) {
            Ok(said) if kind == Kind::End => {
                let honest = Manifest { frames: writer.frames(), digest: writer.digest(), ..said };
                writer.write(kind, &alloy_rlp::encode(honest))?;
            }
            _ => writer.write(kind, bytes)?,
        }
    }
    writer.flush()?;
    Ok(out)
}
