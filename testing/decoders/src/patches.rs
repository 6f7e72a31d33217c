//! Changes of a proof that is right: bytes altered, cut and copied. A fuzzer that has to find its way through hexadecimal in JSON changes little else
//! than its form.

use alloy_primitives::Bytes;

/// Marks input that is JSON rather than changes.
pub(crate) const JSON_START: u8 = b'{';

/// Bytes of one change: which part, where, what.
const CHANGE_BYTES: usize = 5;
/// Changes of one input.
const MAX_CHANGES: usize = 64;

/// Applies the changes that `data` stands for to the parts of a proof.
pub(crate) fn apply(data: &[u8], parts: &mut [&mut Bytes]) {
    for change in data.chunks_exact(CHANGE_BYTES).take(MAX_CHANGES) {
        let [part, kind, high, low, value] = change else { continue };
        let count = parts.len();
        if count == 0 {
            return;
        }
        let (index, at) = (usize::from(*part) % count, usize::from(u16::from_be_bytes([*high, *low])));
        let mut bytes = parts[index].to_vec();
        match kind % 6 {
            0 if !bytes.is_empty() => {
                let at = at % bytes.len();
                bytes[at] ^= value;
            }
            1 if !bytes.is_empty() => {
                let at = at % bytes.len();
                bytes[at] = *value;
            }
            2 => bytes.truncate(at),
            3 => bytes.push(*value),
            4 if !bytes.is_empty() => {
                bytes.remove(at % bytes.len());
            }
            5 => bytes = parts[usize::from(*value) % count].to_vec(),
            _ => {}
        }
        *parts[index] = bytes.into();
    }
}

/// One change, for seeds.
pub(crate) fn change(part: u8, kind: u8, at: u16, value: u8) -> Vec<u8> {
    let [high, low] = at.to_be_bytes();
    vec![part, kind, high, low, value]
}

/// Seeds of one change each: a bit, the last byte, a part in another's place.
pub(crate) fn seeds(parts: u8) -> Vec<Vec<u8>> {
    let each =
        |part| [change(part, 0, 7, 1), change(part, 2, 40, 0), change(part, 3, 0, 0), change(part, 5, 0, part + 1)];
    (0..parts).flat_map(each).chain([Vec::new()]).collect()
}
