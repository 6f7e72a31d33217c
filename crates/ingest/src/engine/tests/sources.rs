//! Whose a source is, and stays.

use chancery_reference_points::{data_search::Difference, trace::HandedBy};

use super::*;

// DATA-10, M-APP
#[tokio::test(flavor = "multi_thread")]
async fn a_source_stays_its_organizations_whichever_key_it_has() {
    let (folder, chain) = (tempfile::tempdir().unwrap(), Arc::new(Chain::default()));
    let ingest = start(folder.path(), &chain).await;
    let (old, new) = (signer(2), signer(3));
    let source = register(&ingest, &old).await;
    let whose = ingest.source(source).unwrap().organization;
    let rotate = SourceStatement::Rotate { chain_id: CHAIN, source, jwk: new.public_key().to_jwk(), time: NOW_MS };
    let signed = |by: &Signer| by.sign(&rotate, source::TYP).unwrap().text().to_owned();
    let change = SourceChange::Statement { statement: signed(&new), approval: Some(signed(&old)) };
    let rotated = ingest.change_source(&Actor::public(), change).await.unwrap();
    assert_eq!(rotated.organization, whose);
    let hands: Vec<_> = rotated.hand_overs().iter().map(|one| one.how).collect();
    assert_eq!(hands, [HandedBy::Registration, HandedBy::Approval]);
    // Neither key is registered again for another, also by an operator.
    for key in [&old, &new] {
        let statement = SourceStatement::Register {
            chain_id: CHAIN,
            kind: SourceKind::Device,
            organization: "ANOTHER".into(),
            name: "Sensor".into(),
            jwk: key.public_key().to_jwk(),
            time: NOW_MS,
        };
        let statement = key.sign(&statement, source::TYP).unwrap().text().to_owned();
        let again = SourceChange::Statement { statement, approval: None };
        let refused = ingest.change_source(&operator(), again).await.unwrap_err();
        assert_eq!(refused.code(), Code::SourceExists);
    }
    assert_eq!(ingest.source(source).unwrap().organization, whose);
}

/// Every part of an audit, one operation at a time; the first difference.
async fn audited(ingest: &Ingest) -> Option<Difference> {
    let mut from = 0;
    loop {
        let report = ingest.audit(AuditRequest { from, operations: Some(1) }).await.unwrap();
        if report.complete || report.difference.is_some() {
            return report.difference;
        }
        assert!(report.next > from, "it goes on");
        from = report.next;
    }
}

// M-MON-4, WATCH-1: an audit in parts, also one that begins in the middle, knows the keys that the journal has registered.
#[tokio::test(flavor = "multi_thread")]
async fn an_audit_takes_keys_from_the_journal() {
    let (folder, chain) = (tempfile::tempdir().unwrap(), Arc::new(Chain::default()));
    let ingest = start(folder.path(), &chain).await;
    let (old, new, other) = (signer(2), signer(3), signer(4));
    let source = register(&ingest, &old).await;
    let first = one(&ingest, submit(&old, source, 1, &[READING])).await.unwrap();
    let rotate = SourceStatement::Rotate { chain_id: CHAIN, source, jwk: new.public_key().to_jwk(), time: NOW_MS };
    let signed = |by: &Signer| by.sign(&rotate, source::TYP).unwrap().text().to_owned();
    let change = SourceChange::Statement { statement: signed(&new), approval: Some(signed(&old)) };
    ingest.change_source(&Actor::public(), change).await.unwrap();
    let withdrawn = register(&ingest, &other).await;
    let end = SourceChange::Withdraw { source: withdrawn, reason: "scrapped".into() };
    ingest.change_source(&operator(), end).await.unwrap();
    let last = one(&ingest, submit(&new, source, 2, &[READING])).await.unwrap();
    let report = {
        recorded(&ingest, first.place).await;
        recorded(&ingest, last.place).await;
        ingest.audit(AuditRequest::default()).await.unwrap()
    };
    assert_eq!((report.difference.clone(), report.complete), (None, true), "{report:?}");
    assert_eq!(report.recorded.len() as u64, report.blocks);
    assert!(report.recorded.iter().any(|block| (block.first..block.place).contains(&last.place)), "{report:?}");
    // Those roots are known here, and no other.
    let roots: Vec<B256> = report.recorded.iter().map(|block| block.root).collect();
    let strange = B256::repeat_byte(0xee);
    let unknown = ingest.unknown_roots([roots.as_slice(), &[strange]].concat()).await.unwrap();
    assert_eq!(unknown, [strange]);
    assert_eq!(audited(&ingest).await, None);
    // Nothing was read before: it is read from the journal.
    ingest.close().await;
    let ingest = start(folder.path(), &chain).await;
    let rest = ingest.audit(AuditRequest { from: last.place, operations: None }).await.unwrap();
    assert_eq!((rest.difference, rest.submissions), (None, 1));

    // The registration in the journal is changed; the index is as it was.
    let file = folder.path().join("journal/00000000000000000000.journal");
    let mut bytes = std::fs::read(&file).unwrap();
    let name = b"\"name\":\"station 1\"";
    let at = bytes.windows(name.len()).position(|window| window == name).unwrap();
    bytes[at + name.len() - 2] = b'2';
    let frame = (0..at).rev().find(|at| bytes[*at..].starts_with(b"CHJF")).unwrap();
    let body = u32::from_le_bytes(bytes[frame + 8..frame + 12].try_into().unwrap()) as usize;
    let checksum = crc32fast::hash(&bytes[frame + 8..frame + journal::FRAME_HEADER_BYTES + body]);
    bytes[frame + 4..frame + 8].copy_from_slice(&checksum.to_le_bytes());
    std::fs::write(&file, &bytes).unwrap();
    let difference = audited(&ingest).await.unwrap();
    assert_eq!((difference.check.as_str(), difference.place), ("source-statement", 0), "{difference:?}");
}
