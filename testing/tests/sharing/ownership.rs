//! An asset's whole life, by the commands of its users: a right of use, a change of hands, and the trace of both.

use std::fs;

use serde_json::{Value, json};

use super::bodies::{Bodies, refused};

const RESOURCE: &str = "weather-open";
const SOURCE: &str = "[source]\nkind = \"csv\"\nfile = \"weather.csv\"";
const SHARED: &str = "[shared]\nschema = \"file\"\ntable = \"weather\"\npart_rows = 1\n\
                      columns = [{ name = \"date\", type = \"date\" }, { name = \"temp_max\", type = \"float\" }]";

/// The declaration of whoever takes over: another organization, and a folder of state and a store of its own.
fn taken_over(bodies: &Bodies, declaration: &str) -> String {
    let text = fs::read_to_string(declaration).unwrap();
    let text = text.replace("WEATHER-OFFICE", "CLIMATE-OFFICE").replace("state = \"state\"", "state = \"other-state\"");
    let text = text.replace("path = \"ods\"", "path = \"other-ods\"");
    let path = bodies.path("taken-over.toml");
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn happened(traced: &Value) -> Vec<&str> {
    let entries = traced["trace"]["entries"].as_array().unwrap();
    entries.iter().map(|entry| entry["happened"].as_str().unwrap()).collect()
}

// M-APP, S-ASSET, S-RULES, S-DIR, SHARE-15, SHARE-16
#[tokio::test(flavor = "multi_thread")]
async fn an_asset_is_used_by_right_changes_hands_and_is_traced() {
    let bodies = Bodies::start("WEATHER-OFFICE");
    bodies.authorize();
    fs::copy(crate::dataset("seattle-weather.csv"), bodies.path("weather.csv")).unwrap();
    let declaration = bodies.declaration(RESOURCE, "", SOURCE, SHARED, true, &[]);
    bodies.owner(&["share", "declare", &declaration]).unwrap();
    bodies.owner(&["share", "extract", &declaration]).unwrap();
    bodies.owner(&["share", "publish", &declaration]).unwrap();
    let (reader, next) = (bodies.reader_address.clone(), bodies.stranger_address.clone());

    // A right of use: its holder asks by it, and nobody else.
    let give = ["share", "right", "give", &declaration, &reader, "--purpose", "statistics", "--days", "30"];
    let given = bodies.owner(&give).unwrap();
    assert_eq!(given["right"], json!(1), "{given}");
    let by_right = ["share", "ask", RESOURCE, "--right", "1"];
    let text = refused(bodies.stranger(&by_right));
    assert!(text.contains("is not of"), "{text}");
    let service = bodies.serve(&declaration);
    let asked = bodies.reader(&by_right).unwrap();
    assert_eq!((&asked["request"], &asked["state"]), (&json!(1), &json!("approved")), "{asked}");
    bodies.reader_fetches(RESOURCE, 1, "first").unwrap();
    assert!(fs::read(bodies.path("first")).unwrap().starts_with(b"PAR1"));

    // It is offered, and accepted by whom it is offered to, for an organization whose key that is.
    bodies.operator(&["organization", "register", "CLIMATE-OFFICE", "--name", "Another"]).unwrap();
    let accepting = taken_over(&bodies, &declaration);
    let text = refused(bodies.stranger(&["share", "transfer", "accept", &accepting]));
    assert!(text.contains("is not offered to"), "{text}");
    bodies.owner(&["share", "transfer", "offer", &declaration, &next]).unwrap();
    let text = refused(bodies.reader(&["share", "transfer", "accept", &accepting]));
    assert!(text.contains("is not offered to"), "{text}");
    let text = refused(bodies.stranger(&["share", "transfer", "accept", &accepting]));
    assert!(text.contains("authorize-key CLIMATE-OFFICE"), "{text}");
    bodies.operator(&["organization", "authorize-key", "CLIMATE-OFFICE", &next, "--right", "sharing"]).unwrap();
    let accepted = bodies.stranger(&["share", "transfer", "accept", &accepting]).unwrap();
    assert_eq!((&accepted["entryMoved"], &accepted["versionsBefore"]), (&json!(true), &json!(1)), "{accepted}");
    assert_eq!(accepted["keyEpoch"], json!(2));
    let found = bodies.anybody(&["share", "find", "weather"]).unwrap();
    assert_eq!(found["items"][0]["organization"], json!("CLIMATE-OFFICE"), "{found}");

    // The owner before hands out and changes nothing any more.
    let text = refused(bodies.reader_fetches(RESOURCE, 1, "late"));
    assert!(text.contains("hands it out now"), "{text}");
    let text = refused(bodies.owner(&["share", "right", "withdraw", &declaration, "1"]));
    assert!(text.contains("is owned by"), "{text}");
    drop(service);

    // The new one publishes behind what was there; the right stays with the asset.
    bodies.stranger(&["share", "extract", &accepting]).unwrap();
    let published = bodies.stranger(&["share", "publish", &accepting]).unwrap();
    assert_eq!(published["versions"][0]["version"], json!(2), "{published}");
    let _service = bodies.serve_as("stranger", &accepting);
    let asked = bodies.reader(&by_right).unwrap();
    assert_eq!((&asked["request"], &asked["version"]), (&json!(2), &json!(2)), "{asked}");
    bodies.reader_fetches(RESOURCE, 2, "second").unwrap();

    // Taken back, it gives nothing more.
    bodies.stranger(&["share", "right", "withdraw", &accepting, "1"]).unwrap();
    let text = refused(bodies.reader_fetches(RESOURCE, 2, "after"));
    assert!(text.contains("\"ended\""), "{text}");
    let text = refused(bodies.reader(&by_right));
    assert!(text.contains("has expired or was withdrawn"), "{text}");

    // What came to the service of the owner before, which was killed, and to that of the new one is at the city, each line once, whoever hands it over.
    let handed = |said: Value| said["count"].as_u64().unwrap();
    let before = handed(bodies.owner(&["share", "fetches", &declaration, "--hand-over"]).unwrap());
    let after = handed(bodies.stranger(&["share", "fetches", &accepting, "--hand-over"]).unwrap());

    // The trace: all of it for a supervisor and the owner, and for everybody else what is not about others.
    let traced = bodies.anybody(&["--dev-key", "8", "share", "trace", RESOURCE]).unwrap();
    let trace = &traced["trace"];
    let owners: Vec<String> =
        trace["owners"].as_array().unwrap().iter().map(|held| held["by"].as_str().unwrap().to_lowercase()).collect();
    assert_eq!((owners.len(), owners.last()), (2, Some(&next.to_lowercase())), "{trace}");
    let organizations: Vec<&Value> =
        trace["organizations"].as_array().unwrap().iter().map(|held| &held["by"]).collect();
    assert_eq!(organizations, ["WEATHER-OFFICE", "CLIMATE-OFFICE"]);
    assert!(trace["rights"][0]["withdrawnAt"].is_u64(), "{trace}");
    let all = happened(&traced);
    let times = |what: &str| all.iter().filter(|happened| **happened == what).count();
    assert_eq!(
        ["transferred", "offered", "takenOver", "published", "rightGiven", "rightWithdrawn", "granted"].map(times),
        [2, 1, 1, 2, 1, 1, 2],
        "{all:?}"
    );
    let accesses = trace["accesses"].as_array().unwrap();
    assert!(before >= 3 && after >= 3 && accesses.len() as u64 == before + after, "{accesses:?}");
    let refused_by = |why: &str| accesses.iter().any(|one| one["refused"] == why);
    assert!(refused_by("unknown-resource") && refused_by("not-granted"), "{accesses:?}");
    assert_eq!(bodies.stranger(&["share", "trace", RESOURCE]).unwrap(), traced);
    let before = bodies.owner(&["share", "trace", RESOURCE]).unwrap();
    assert!(!happened(&before).contains(&"granted") && before["trace"]["rights"] == json!([]), "{before}");
    let own = bodies.reader(&["share", "trace", RESOURCE]).unwrap();
    assert!(happened(&own).contains(&"granted"), "{own}");
    let graph = bodies.anybody(&["share", "trace", RESOURCE, "--mermaid"]).unwrap();
    assert!(graph.as_str().unwrap().contains("transferred-to"), "{graph}");
}
