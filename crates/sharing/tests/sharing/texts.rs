//! Small text on the chain, over a real node (S-ASSET).

use chancery_sharing::{
    department::DepartmentError,
    extract::{FileFormat, FileSource},
    release::{ChainTrust, MAX_TEXT_BYTES, ReleaseError, published_text},
};
use serde_json::json;

use super::{
    desk::{Desk, now_s},
    remote::{Served, weather},
};

// S-ASSET: what was published is read word by word from the proven state, in the slot itself and beside it; a file is no text.
#[tokio::test]
async fn a_small_text_is_published_on_the_chain_and_read_with_its_proof() {
    let desk = Desk::new().await;
    let state = desk.state_folder();
    let department = desk.department(&state);
    let refused = department.publish_text("Agreed.", "text/plain").await;
    assert!(matches!(refused, Err(DepartmentError::SharesExtracts)), "{refused:?}");

    std::fs::write(state.join("extract.json"), json!({"cursor": null, "parts": []}).to_string()).unwrap();
    let desk = &desk;
    let read = |version: Option<u32>| async move {
        let trust = ChainTrust::default();
        published_text(&desk.chain, &trust, desk.asset, version, now_s()).await
    };
    let texts = ["Agreed.".to_owned(), "x".repeat(31), "x".repeat(32), "公报 ".repeat(MAX_TEXT_BYTES / 7)];
    for (number, text) in (2..).zip(&texts) {
        let (version, made) = department.publish_text(text, "text/plain").await.unwrap();
        assert_eq!(version, number);
        let found = read(None).await.unwrap();
        assert_eq!(
            (found.version, found.text.as_str(), found.data_type.as_str()),
            (number, text.as_str(), "text/plain")
        );
        assert!(found.block.number >= made.block.number && found.published_at_s > 0);
    }
    assert_eq!(read(Some(2)).await.unwrap().text, "Agreed.");
    assert!(matches!(read(Some(1)).await, Err(ReleaseError::NoText { version: 1 })));
    assert!(matches!(read(Some(6)).await, Err(ReleaseError::NoVersion { version: 6 })));

    // A part behind a text could never be a version: it is not extracted at all.
    let served = Served::new();
    let source = FileSource::new(&served.desk.write("weather.csv", "date,weather\n2024-01-01,sun\n"), FileFormat::Csv);
    let refused = department.extract(&source, &weather()).await;
    assert!(matches!(refused, Err(DepartmentError::SharesTexts { version: 5 })), "{refused:?}");
    let refused = department.extract_run(&source, &weather(), |_| ()).await;
    assert!(matches!(refused, Err(DepartmentError::SharesTexts { version: 5 })), "{refused:?}");
    assert!(department.folder().extract().unwrap().parts.is_empty());
    assert!(department.publish_next().await.is_err());
}
