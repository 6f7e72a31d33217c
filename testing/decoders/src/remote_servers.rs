//! What servers of files say: packets of SFTP, listings and replies of FTP.

use chancery_sharing::remote::{Pattern, read_answer, read_listing, read_reply};

/// The first byte says which it is. A packet says whom it answers where it stands; a listing has no more files than lines; a port is one.
pub fn check(data: &[u8]) {
    let Some((kind, said)) = data.split_first() else { return };
    match kind % 3 {
        0 => {
            if let Ok(id) = read_answer(said) {
                assert_eq!(said.get(1..5), Some(&id.to_be_bytes()[..]));
            }
        }
        1 => {
            if let Ok(files) = read_listing(said, &Pattern::parse("*").unwrap()) {
                assert!(files <= said.split(|byte| *byte == b'\n').count());
            }
        }
        _ => {
            if let Ok(Some(port)) = read_reply(&String::from_utf8_lossy(said)) {
                assert_ne!(port, 0);
            }
        }
    }
}

/// Answers of every kind, a listing with facts, addresses of both commands.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let packets = [
        "65000000080000000100000003454f4600000000",
        "66000000090000000168",
        "670000000a00000003616263",
        "6800000001000000010000000161000000000000000d0000000000000005000081a46500000065000001",
        "690000000b80000000000000010000000178000000017a",
        "0200000003",
    ];
    let packets = packets.into_iter().map(|packet| [&[0][..], &hex::decode(packet).unwrap()].concat());
    let listing = "type=file;size=5;modify=20240102030405.5; a.csv\r\nType=dir;Modify=20240102030405; sub\r\ntype=OS.unix=slink:/x;size=1;modify=20240102030405; l\n";
    let replies = [
        "229 Entering Extended Passive Mode (|||6446|)",
        "227 Entering Passive Mode (127,0,0,1,25,46)",
        "211-Features",
    ];
    packets
        .chain([[&[1][..], listing.as_bytes()].concat()])
        .chain(replies.map(|reply| [&[2][..], reply.as_bytes()].concat()))
        .collect()
}
