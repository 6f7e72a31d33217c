//! Whose a source is, and stays.

use chancery_reference_points::trace::HandedBy;

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
