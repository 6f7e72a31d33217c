//! The business database of an office: what stands there of a case fills the certificate, or is compared with what was typed (C-MOD-5).

use chancery_testing::process::PostgresServer;
use serde_json::{Value, json};

use crate::support::{answer, chancery, citizen, inspected, shared, subject};

// C-MOD-5
#[test]
fn a_certificate_is_filled_and_checked_from_the_offices_business_database() {
    let server = PostgresServer::start().unwrap();
    server
        .psql(
            "CREATE TABLE graduates (student_number TEXT PRIMARY KEY, full_name TEXT, born DATE, title TEXT, points BIGINT, awarded DATE)",
            None,
        )
        .unwrap();
    server
        .psql(
            "INSERT INTO graduates VALUES ('22160118', 'Lin Zhao (sample)', '1995-08-30', 'Master of Science in Computer Science', 120, '2026-06-30')",
            None,
        )
        .unwrap();
    let folder = shared().data.path();
    let url = folder.join("business.url");
    std::fs::write(&url, server.url()).unwrap();
    std::fs::set_permissions(&url, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let declaration = folder.join("business.toml");
    std::fs::write(
        &declaration,
        r#"
kind = "degree"
table = "graduates"
database = { kind = "postgres", url_file = "business.url" }
key = { column = "student_number" }
content = { licenceNumber = "10335-2026-M-001842", level = "master", awardingBody = "Riverside University (sample)" }
member = [
    { path = "/graduate/studentNumber", column = "student_number" },
    { path = "/graduate/name", column = "full_name" },
    { path = "/graduate/birthDate", column = "born", type = "date" },
    { path = "/title", column = "title" },
    { path = "/creditPoints", column = "points", type = "integer" },
    { path = "/awardedOn", column = "awarded", type = "date" },
]
"#,
    )
    .unwrap();
    let (key, holder) = citizen("graduate");
    let declaration = declaration.to_str().unwrap();
    let send = |record: &str, more: &[&str]| {
        let office =
            ["--dev-key", "3", "certificate", "send", "--kind", "degree", "--organization", "SAMPLE-UNIVERSITY"];
        let case = ["--holder", &holder, "--business", declaration, "--record", record];
        chancery(&[&office[..], &case, more].concat())
    };
    let filled = send("22160118", &[]);
    assert!(filled.status.success(), "{}", String::from_utf8_lossy(&filled.stderr));
    let issued: Value = serde_json::from_slice(&filled.stdout).unwrap();
    let content = inspected(&key, issued["certificateId"].as_str().unwrap())["document"]["subject"].clone();
    assert_eq!(content["graduate"]["birthDate"], "1995-08-30");
    assert_eq!((&content["creditPoints"], &content["level"]), (&json!(120), &json!("master")));

    // What a clerk has typed is compared with it.
    let sample = subject("degree");
    assert!(send("22160118", &["--subject", sample.to_str().unwrap()]).status.success());
    let mut mistyped: Value = serde_json::from_slice(&std::fs::read(&sample).unwrap()).unwrap();
    mistyped["graduate"]["name"] = json!("Lin Zhau");
    let file = folder.join("mistyped.json");
    std::fs::write(&file, mistyped.to_string()).unwrap();
    let refused = send("22160118", &["--subject", file.to_str().unwrap()]);
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && told.contains("/graduate/name") && !told.contains("Zhau"), "{told}");

    let unknown = send("22160119", &[]);
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("no such record"), "{unknown:?}");
    drop(server);
    assert!(!send("22160118", &[]).status.success(), "without the database nothing is filled");
    answer(&["--key", key.to_str().unwrap(), "certificate", "list"]);
}
