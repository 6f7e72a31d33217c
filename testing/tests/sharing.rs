//! Sharing in a whole city, by the commands of its users: a department with a real PostgreSQL, a reader who asks, and the contract that decides.
#![allow(missing_docs, clippy::unwrap_used)]

mod sharing {
    pub(crate) mod bodies;
    mod cities;
    pub(crate) mod collecting;
    pub(crate) mod in_rust;
    mod messages;
    mod ownership;
    pub(crate) mod told;
}

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use alloy_primitives::{B256, keccak256};
use chancery_contracts::predeploys::RESOURCE_DIRECTORY;
use chancery_testing::process::{PostgresServer, S3Server, TestCertificates, free_ports, project_root};
use serde_json::{Value, json};
use sharing::{
    bodies::{Bodies, refused},
    collecting::{Collecting, sent_over_tls},
    in_rust,
    told::Told,
};

const WEATHER_COLUMNS: &str = r#"columns = [
    { name = "id", type = "integer" }, { name = "date", type = "date" }, { name = "temp_max", type = "text" }, { name = "weather", type = "text" },
]"#;

fn dataset(name: &str) -> std::path::PathBuf {
    project_root().join("testing/datasets/node_modules/vega-datasets/data").join(name)
}

/// Seattle's weather, day by day from 2012 to 2015 (vega-datasets, from NOAA): 1,461 rows.
fn weather() -> PostgresServer {
    let server = PostgresServer::start().unwrap();
    let columns = "date date, precipitation float8, temp_max numeric, temp_min real, wind float8, weather text";
    server.psql(&format!("CREATE TABLE weather (id bigserial PRIMARY KEY, {columns})"), None).unwrap();
    let copy = "COPY weather (date, precipitation, temp_max, temp_min, wind, weather) FROM STDIN (FORMAT csv, HEADER)";
    server.psql(copy, Some(&dataset("seattle-weather.csv"))).unwrap();
    server
}

/// A client that trusts the authority of a test.
fn trusting(certificates: &TestCertificates) -> reqwest::Client {
    let authority = reqwest::Certificate::from_pem(&fs::read(&certificates.ca).unwrap()).unwrap();
    reqwest::Client::builder().no_proxy().tls_certs_only([authority]).build().unwrap()
}

fn changes(declared: &Value) -> Vec<&str> {
    declared["changes"].as_array().unwrap().iter().map(|change| change["change"].as_str().unwrap()).collect()
}

// S-ODS, S-ASSET, S-RULES, S-DIR, SHARE-3, SHARE-7 to SHARE-12
#[tokio::test(flavor = "multi_thread")]
async fn a_table_is_shared_by_contract_and_a_removed_reader_gets_nothing_more() {
    let server = weather();
    let mut bodies = Bodies::start("WEATHER-SERVICE");
    bodies.set("WEATHER_DATABASE", &server.url());
    let source = "[source]\nkind = \"postgres\"\nurl_env = \"WEATHER_DATABASE\"";
    let shared = format!(
        "[shared]\nschema = \"public\"\ntable = \"weather\"\ncursor = \"id\"\npart_rows = 1000\n{WEATHER_COLUMNS}"
    );
    let file = |bodies: &Bodies, automatic: bool, readers: &[&str]| {
        bodies.declaration("weather-daily", "", source, &shared, automatic, readers)
    };

    // The department declares, in a dry run first; its key needs the right to share.
    let declaration = file(&bodies, false, &[]);
    let text = refused(bodies.owner(&["share", "declare", &declaration]));
    assert!(text.contains("authorize-key WEATHER-SERVICE"), "{text}");
    bodies.authorize();
    let check = bodies.owner(&["share", "declare", &declaration, "--check"]).unwrap();
    assert_eq!((changes(&check), &check["applied"]), (vec!["register"], &json!(false)), "the contract stands already");
    let declared = bodies.owner(&["share", "declare", &declaration]).unwrap();
    assert_eq!(changes(&declared), ["register"]);
    assert_eq!(changes(&bodies.owner(&["share", "declare", &declaration]).unwrap()), Vec::<&str>::new());

    // The table in two sealed parts, each a version; nothing readable lies in the store.
    let extracted = bodies.owner(&["share", "extract", &declaration]).unwrap();
    let rows: Vec<u64> =
        extracted["parts"].as_array().unwrap().iter().map(|part| part["rows"].as_u64().unwrap()).collect();
    assert_eq!(rows, [1000, 461]);
    let published = bodies.owner(&["share", "publish", &declaration]).unwrap();
    assert_eq!(published["versions"].as_array().unwrap().len(), 2);
    assert_eq!(bodies.owner(&["share", "publish", &declaration]).unwrap()["versions"], json!([]));
    for sealed in bodies.stored("weather-daily") {
        let bytes = fs::read(sealed).unwrap();
        assert!(!bytes.windows(7).any(|window| window == b"drizzle") && !bytes.starts_with(b"PAR1"));
    }

    // Anybody finds it; who is not listed is told whom to ask.
    let found = bodies.anybody(&["share", "find", "weather TEMP_MAX"]).unwrap();
    assert_eq!(found["items"][0]["asset"], declared["asset"], "{found}");
    assert_eq!(bodies.anybody(&["share", "find", "snowfall"]).unwrap()["items"], json!([]));
    let ask =
        |version: &'static str| ["share", "ask", "weather-daily", "--purpose", "statistics", "--of-version", version];
    let text = refused(bodies.reader(&ask("1")));
    assert!(text.contains("lists who may ask"), "{text}");

    // A listed reader asks. Until the owner has decided and the grant is final, not a byte leaves.
    let reader = bodies.reader_address.clone();
    let declaration = file(&bodies, false, &[&reader]);
    assert_eq!(changes(&bodies.owner(&["share", "declare", &declaration]).unwrap()), ["list"]);
    let mut told = Told::listen().await;
    told.declared_in(&bodies, &declaration);
    let service = bodies.serve(&declaration);
    let asked = bodies.reader(&ask("1")).unwrap();
    assert_eq!((&asked["request"], &asked["state"]), (&json!(1), &json!("pending")));
    let text = refused(bodies.reader_fetches("weather-daily", 1, "early"));
    assert!(text.contains("not-granted") && text.contains("\"pending\""), "{text}");
    assert!(!bodies.path("early").exists());
    let waiting = bodies.owner(&["share", "requests", &declaration]).unwrap();
    assert_eq!((&waiting[0]["state"], &waiting[0]["version"]), (&json!("pending"), &json!(1)));
    bodies.owner(&["share", "decide", &declaration, "1", "--approve"]).unwrap();
    let fetched = bodies.reader_fetches("weather-daily", 1, "first").unwrap();
    assert_eq!(fetched["proven"], json!(true), "{fetched}");
    assert_eq!(bodies.ids(&bodies.path("first")), (1..=1000).collect::<Vec<i64>>());
    let in_typescript = bodies.reader_fetches_in_typescript("weather-daily", 1);
    assert!(in_typescript == fs::read(bodies.path("first")).unwrap(), "the client in TypeScript opens another file");
    let state = bodies.anybody(&["share", "request", "weather-daily", "1"]).unwrap();
    assert_eq!(state["state"], json!("granted"));

    // Who came for what is in the owner's journal: the key and the file, by each of the two clients.
    let came = bodies.owner(&["share", "fetches", &declaration]).unwrap();
    let of_reader = |one: &Value| one["reader"].as_str().unwrap().eq_ignore_ascii_case(&reader);
    let fetches = came["fetches"].as_array().unwrap();
    let mut given = fetches.iter().filter(|one| one["refused"].is_null());
    assert!(given.clone().count() >= 4 && given.all(of_reader) && came["unbroken"] == json!(true), "{came}");
    for what in ["key", "file"] {
        assert!(fetches.iter().filter(|one| one["fetched"] == what).count() >= 2, "{came}");
    }

    // Who did not ask gets nothing, and who does not say who it is neither.
    let text = refused(bodies.stranger_fetches("weather-daily", 1, "stolen"));
    assert!(text.contains("not-your-request"), "{text}");
    who_came_is_supervised(&bodies, &declaration).await;
    let place = service.url.strip_prefix("https://127.0.0.1").unwrap();
    let url = format!("https://localhost{place}/v1/assets/{}/requests/1/file", declared["asset"].as_str().unwrap());
    let client = trusting(&bodies.certificates);
    assert_eq!(client.get(&url).send().await.unwrap().status().as_u16(), 401);

    // M-SEC: in plain text nothing is answered, and whoever trusts another authority sends nothing.
    assert!(client.get(url.replacen("https", "http", 1)).send().await.is_err());
    let other = TestCertificates::make(&bodies.path("other-tls"), "localhost").unwrap();
    let text = refused(bodies.reader_fetches_trusting(&other, "weather-daily", 1, "astray"));
    assert!(text.contains("UnknownIssuer") || text.contains("BadSignature"), "{text}");
    assert!(!bodies.path("astray").exists());

    // A store that alters a file is found out by what stands on the chain.
    let stored = bodies.stored("weather-daily").into_iter().min().unwrap();
    let good = fs::read(&stored).unwrap();
    let mut bad = good.clone();
    bad[100] ^= 1;
    fs::write(&stored, &bad).unwrap();
    let text = refused(bodies.reader_fetches("weather-daily", 1, "altered"));
    assert!(text.contains("fingerprint"), "{text}");
    assert!(!bodies.path("altered").exists());
    // WATCH-11: the service finds it out by itself, and says so once.
    let raised = told.next("alert.raised").await;
    assert_eq!((&raised["rule"], &raised["subject"]), (&json!("stored-file"), &json!("weather-daily, part 1")));
    assert!(raised["summary"].as_str().unwrap().contains("on chain"), "{raised}");
    refused(bodies.owner(&["share", "verify", &declaration]));
    fs::write(&stored, &good).unwrap();
    let verified = bodies.owner(&["share", "verify", &declaration]).unwrap();
    assert_eq!(told.next("alert.resolved").await["alert"], raised["alert"]);
    assert_eq!((&verified["faults"], &verified["parts"][1]["published"]), (&json!(0), &json!(true)), "{verified}");

    // New rows are extracted; then the reader is removed, before they are published: they are sealed anew, under a key that it never gets.
    server
        .psql("INSERT INTO weather (date, weather) VALUES ('2016-01-01', 'sun'), ('2016-01-02', 'fog')", None)
        .unwrap();
    assert_eq!(bodies.owner(&["share", "extract", &declaration]).unwrap()["parts"][0]["rows"], json!(2));
    let text = refused(bodies.owner(&["share", "remove-reader", &declaration, &reader]));
    assert!(text.contains("take it out first"), "{text}");
    let stranger = bodies.stranger_address.clone();
    let declaration = file(&bodies, true, &[&stranger]);
    let removed = bodies.owner(&["share", "remove-reader", &declaration, &reader]).unwrap();
    assert_eq!(removed["keyEpoch"], json!(2));
    let text = refused(bodies.reader_fetches("weather-daily", 1, "late"));
    assert!(text.contains("\"ended\""), "{text}");
    let published = bodies.owner(&["share", "publish", &declaration]).unwrap();
    let version = &published["versions"][0];
    assert_eq!((&version["version"], &version["resealed"]), (&json!(3), &json!(true)), "{published}");
    assert_eq!(version["part"]["key_epoch"], json!(2));

    // Another reader, where the rule is that listed readers need no decision.
    assert_eq!(changes(&bodies.owner(&["share", "declare", &declaration]).unwrap()), ["setAutomatic", "list"]);
    let asked = bodies.stranger(&ask("3")).unwrap();
    assert_eq!(asked["state"], json!("approved"));
    let number = asked["request"].as_u64().unwrap();
    bodies.stranger_fetches("weather-daily", number, "third").unwrap();
    assert_eq!(bodies.ids(&bodies.path("third")), [1462, 1463]);
    in_rust::a_reader_asks_and_opens(&bodies, "stranger", "weather-daily", 3, &bodies.path("third")).await;
    in_rust::a_source_submits_and_verifies(&bodies, "WEATHER-SERVICE").await;

    // Its reader ends it when it has what it wanted: nobody else may, and nothing is handed out on it any more.
    let end = ["share", "end", "weather-daily", &number.to_string()].map(str::to_owned);
    let end = end.iter().map(String::as_str).collect::<Vec<_>>();
    let text = refused(bodies.reader(&end));
    assert!(text.contains("by its reader or by the owner"), "{text}");
    assert_eq!(bodies.stranger(&end).unwrap()["state"], json!("ended"));
    let text = refused(bodies.stranger_fetches("weather-daily", number, "after"));
    assert!(text.contains("\"ended\""), "{text}");

    // The list of identities is shown to the owner and to a supervisor, and to a reader its own place in it.
    let readers = ["share", "readers", "weather-daily"];
    let all = bodies.owner(&readers).unwrap();
    assert_eq!(bodies.anybody(&["--dev-key", "8", "share", "readers", "weather-daily"]).unwrap(), all);
    assert_eq!(listed(&all), [(reader.to_lowercase(), false), (stranger.to_lowercase(), true)], "{all}");
    let grant = &all["items"][0]["grants"][0];
    assert_eq!((&grant["request"], &grant["version"]), (&json!(1), &json!(1)));
    assert!(grant["endedAt"].is_u64() && all["items"][0]["removedAt"].is_u64(), "{all}");
    assert_eq!(listed(&bodies.reader(&readers).unwrap()), [(reader.to_lowercase(), false)]);
    let text = refused(bodies.reader(&["share", "readers", "weather-daily", "--reader", &stranger]));
    assert!(text.contains("role-required"), "{text}");
}

/// M-MON-2, S-ASSET: each line of the owner's journal is told to supervisors, once, fetches and refusals; and the trace has it, page by page, for whom it is.
async fn who_came_is_supervised(bodies: &Bodies, declaration: &str) {
    let came = bodies.owner(&["share", "fetches", declaration]).unwrap();
    let count = usize::try_from(came["count"].as_u64().unwrap()).unwrap();
    in_rust::a_supervisor_reads(bodies, "weather-daily", count).await;
    // What is handed over twice is told once.
    let handed = bodies.owner(&["share", "fetches", declaration, "--hand-over"]).unwrap();
    assert_eq!(handed, came);
    let told = in_rust::a_supervisor_reads(bodies, "weather-daily", count).await;
    assert_eq!(told.len(), count, "{told:?}");
    let by = |who: &str, facts: &str| {
        told.iter().any(|event| {
            event.by.as_ref().is_some_and(|by| by.to_string().eq_ignore_ascii_case(who))
                && event.facts.starts_with(facts)
        })
    };
    for fetched in
        ["key of version 1, request 1", "file of version 1, request 1", "key refused (not-granted), request 1"]
    {
        assert!(by(&bodies.reader_address, fetched), "{fetched}: {told:?}");
    }
    assert!(by(&bodies.stranger_address, "key refused (not-your-request), request 1"), "{told:?}");

    let traced = |arguments: &[&str]| {
        bodies.anybody(&[&["--dev-key", "8", "share", "trace", "weather-daily"], arguments].concat()).unwrap()
    };
    let of = |answer: &Value, member: &str| answer["trace"][member].as_array().unwrap().clone();
    let whole = traced(&[]);
    assert_eq!((of(&whole, "accesses").len(), &whole["trace"]["nextCursor"]), (count, &Value::Null), "{whole}");
    let (mut entries, mut accesses, mut cursor) = (Vec::new(), Vec::new(), None::<String>);
    loop {
        let page = match &cursor {
            None => traced(&["--limit", "4"]),
            Some(cursor) => traced(&["--limit", "4", "--cursor", cursor]),
        };
        entries = [of(&page, "entries"), entries].concat();
        accesses = [of(&page, "accesses"), accesses].concat();
        match page["trace"]["nextCursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
    }
    assert_eq!((entries, accesses), (of(&whole, "entries"), of(&whole, "accesses")));
    assert!(cursor.is_some(), "there were several pages");
    let own = of(&bodies.stranger(&["share", "trace", "weather-daily"]).unwrap(), "accesses");
    let is_own = |one: &Value| one["reader"].as_str().unwrap().eq_ignore_ascii_case(&bodies.stranger_address);
    assert!(!own.is_empty() && own.iter().all(is_own), "{own:?}");
}

/// Addresses of a list of readers, and whether they are listed now.
fn listed(readers: &Value) -> Vec<(String, bool)> {
    let items = readers["items"].as_array().unwrap().iter();
    items.map(|item| (item["reader"].as_str().unwrap().to_lowercase(), item["listed"].as_bool().unwrap())).collect()
}

// M-SEC, S-COL
#[tokio::test(flavor = "multi_thread")]
async fn records_are_collected_over_tls_beyond_this_machine_and_not_without() {
    let folder = tempfile::tempdir().unwrap();
    let certificates = TestCertificates::make(&folder.path().join("tls"), "localhost").unwrap();
    let port = free_ports(2).unwrap();
    let (place, syslog) = (format!("0.0.0.0:{port}"), format!("0.0.0.0:{}", port + 1));
    let refused = Collecting::start(folder.path(), &place, None, "").unwrap_err();
    assert!(refused.contains("is reached from other machines"), "{refused}");
    // Nor may anybody write there who can reach it.
    let (token, senders) = (", token_file = \"token\"", ", syslog_client_ca_file = \"tls/ca.pem\"");
    fs::write(folder.path().join("token"), "secret").unwrap();
    fs::set_permissions(folder.path().join("token"), fs::Permissions::from_mode(0o600)).unwrap();
    for (members, missing) in [(senders, "token_file"), (token, "syslog_client_ca_file")] {
        let refused = Collecting::start(folder.path(), &place, Some(&syslog), members).unwrap_err();
        assert!(refused.contains("anybody could write there") && refused.contains(missing), "{refused}");
    }
    let _collecting = Collecting::start(folder.path(), &place, Some(&syslog), &format!("{token}{senders}")).unwrap();
    let url = place.replacen("0.0.0.0", "https://localhost", 1) + "/records";
    let client = trusting(&certificates);
    assert_eq!(client.post(&url).body("{}").send().await.unwrap().status().as_u16(), 401);
    let answer = client.post(&url).bearer_auth("secret").body("{\"line\":\"a\"}\n").send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.text().await.unwrap().as_str()), (200, "{\"records\":1}"));
    assert!(client.post(url.replacen("https", "http", 1)).body("{}").send().await.is_err(), "plain text");
    let other = TestCertificates::make(&folder.path().join("other"), "localhost").unwrap();
    assert!(trusting(&other).post(&url).body("{}").send().await.is_err(), "another authority");
    let sent = |authority: &Path, shown: Option<&Path>, line: &str| {
        sent_over_tls(folder.path(), port + 1, authority, shown, line)
    };
    assert!(sent(&certificates.ca, Some(&certificates.server), "the pump stands"));
    assert!(!sent(&other.ca, Some(&certificates.server), "the pump runs"), "another server than it trusts");
    assert!(!sent(&certificates.ca, None, "the pump leaks"), "who shows no certificate");
    assert!(!sent(&certificates.ca, Some(&other.server), "the pump burns"), "who shows another authority's");
}

// S-COL, S-DIR, SHARE-3; and S-ODS, S-ASSET, SHARE-2 with a bucket for a store
#[tokio::test(flavor = "multi_thread")]
async fn rejects_are_corrected_and_replayed_and_a_role_sees_what_is_meant_for_it() {
    let mut bodies = Bodies::start("RIVER-SERVICE");
    bodies.authorize();
    let bucket = S3Server::start(Path::new(env!("CARGO_TARGET_TMPDIR"))).unwrap();
    bodies.store = format!(
        "kind = \"s3\"\nendpoint = \"{}\"\nbucket = \"ods\"\nprefix = \"rivers\"\ncredentials_file = \"s3.credentials\"",
        bucket.endpoint()
    );
    let credentials = bodies.path("s3.credentials");
    let key = bucket.key();
    let profile = format!("[default]\naws_access_key_id = {}\naws_secret_access_key = {}\n", key.id, key.secret);
    fs::write(&credentials, profile).unwrap();
    // Real rows, of which two were spoilt.
    let table = fs::read_to_string(dataset("seattle-weather.csv")).unwrap();
    let table = table.replacen("2012-01-02", "2012-01-32", 1).replacen(",8.9,", ",warm,", 1);
    fs::write(bodies.path("weather.csv"), &table).unwrap();
    let rows = table.lines().count() as u64 - 1;
    let source = "[source]\nkind = \"csv\"\nfile = \"weather.csv\"";
    let shared = "[shared]\nschema = \"file\"\ntable = \"weather\"\npart_rows = 1\n\
                  columns = [{ name = \"date\", type = \"date\" }, { name = \"temp_max\", type = \"float\" }]";
    let declaration = bodies.declaration("river-levels", "visible_to = [\"inspector\"]", source, shared, true, &[]);
    bodies.owner(&["share", "declare", &declaration]).unwrap();

    // Credentials that others may read are not used, and a bucket that nobody has made is named; nothing is recorded, and the same command goes on.
    fs::set_permissions(&credentials, fs::Permissions::from_mode(0o644)).unwrap();
    let text = refused(bodies.owner(&["share", "extract", &declaration]));
    assert!(text.contains("s3.credentials") && !text.contains("secret"), "{text}");
    fs::set_permissions(&credentials, fs::Permissions::from_mode(0o600)).unwrap();
    let text = refused(bodies.owner(&["share", "extract", &declaration]));
    assert!(text.contains("there is no bucket ods"), "{text}");
    bucket.make_bucket("ods").unwrap();
    let part = bodies.owner(&["share", "extract", &declaration]).unwrap()["parts"][0].clone();
    let rejected = part["rejected"].as_u64().unwrap();
    assert!(rejected >= 2, "{part}");
    assert_eq!(part["rows"].as_u64().unwrap() + rejected, rows);
    let runs = bodies.owner(&["share", "rejects", &declaration]).unwrap();
    assert_eq!((&runs[0]["count"], runs.as_array().unwrap().len()), (&json!(rejected), 1), "none of a run that failed");
    let columns: Vec<&str> =
        runs[0]["rejects"].as_array().unwrap().iter().map(|reject| reject["column"].as_str().unwrap()).collect();
    assert!(columns.contains(&"date") && columns.contains(&"temp_max"), "{columns:?}");

    let kept = fs::read_to_string(runs[0]["file"].as_str().unwrap()).unwrap();
    let corrected = kept.replace("2012-01-32", "2012-01-02").replace("\"warm\"", "\"8.9\"");
    fs::write(bodies.path("corrected.ndjson"), corrected).unwrap();
    let copy = bodies.path("corrected.ndjson").display().to_string();
    let replayed = bodies.owner(&["share", "replay", &declaration, &copy]).unwrap()["parts"][0].clone();
    assert_eq!((&replayed["rows"], &replayed["rejected"]), (&json!(rejected), &json!(0)));
    let text = refused(bodies.owner(&["share", "replay", &declaration, &copy]));
    assert!(text.contains("replayed already"), "{text}");
    let published = bodies.owner(&["share", "publish", &declaration]).unwrap();
    assert_eq!(published["versions"].as_array().unwrap().len(), 2, "a version of its own");

    // On the chain stand hashes, of the name too; the city shows what opens them to inspectors alone.
    let entered = json!([{ "address": RESOURCE_DIRECTORY, "fromBlock": "0x0" }]);
    let logs = bodies.main_chain("eth_getLogs", entered).await;
    let word = logs[0]["topics"][1].as_str().unwrap();
    let sent = bodies.main_chain("eth_getTransactionByHash", json!([logs[0]["transactionHash"]])).await;
    for hidden in ["river-levels", "inspector", "temp_max"] {
        for public in [&logs, &sent] {
            assert!(!public.to_string().contains(&hex::encode(hidden)), "{hidden}: {public}");
        }
    }
    assert_eq!(bodies.anybody(&["share", "find"]).unwrap()["items"], json!([]));
    assert_eq!(bodies.reader(&["share", "find"]).unwrap()["items"], json!([]));
    let found = bodies.anybody(&["--dev-key", "7", "share", "find", "river"]).unwrap();
    assert_eq!(found["items"][0]["visibleTo"], json!(["inspector"]), "{found}");
    let opening: Value = serde_json::from_str(found["items"][0]["opening"].as_str().unwrap()).unwrap();
    assert_eq!(opening["resource"], json!("river-levels"));
    let salt: B256 = opening["nameSalt"].as_str().unwrap().parse().unwrap();
    let committed = keccak256([&b"chancery directory name v1"[..], salt.as_slice(), b"river-levels"].concat());
    assert_eq!(word, committed.to_string());
    assert_eq!(bodies.owner(&["share", "declare", &declaration]).unwrap()["changes"], json!([]), "it is as declared");
    assert_eq!(found["items"][0]["columns"][0], json!({"name": "date", "type": "date"}));
    let text = refused(bodies.anybody(&["share", "request", "river-levels", "1"]));
    assert!(text.contains("unknown-resource"), "{text}");

    // M-CON-3: an operator withdraws a service, after a look at what it would do, and nobody is answered until it is offered again.
    let withdraw = ["service", "withdraw", "sharing.find"];
    assert_eq!(bodies.operator(&[&withdraw[..], &["--check"]].concat()).unwrap()["applied"], json!(false));
    bodies.anybody(&["share", "find"]).unwrap();
    let text = refused(bodies.reader(&withdraw));
    assert!(text.contains("role-required"), "{text}");
    bodies.operator(&withdraw).unwrap();
    let text = refused(bodies.anybody(&["share", "find"]));
    assert!(text.contains("unknown-service"), "{text}");
    bodies.operator(&["service", "offer", "sharing.find"]).unwrap();
    bodies.anybody(&["share", "find"]).unwrap();

    // What lies in the bucket is served and fetched as from a folder.
    let reader = bodies.reader_address.clone();
    let declaration = bodies.declaration("river-levels", "", source, shared, true, &[&reader]);
    let declared = bodies.owner(&["share", "declare", &declaration]).unwrap();
    assert_eq!(changes(&declared), ["list", "register", "withdraw"], "{declared}");
    let found = bodies.anybody(&["share", "find"]).unwrap();
    assert_eq!((found["items"].as_array().unwrap().len(), &found["items"][0]["resource"]), (1, &json!("river-levels")));
    let _service = bodies.serve(&declaration);
    let asked = bodies.reader(&["share", "ask", "river-levels", "--purpose", "floods", "--of-version", "1"]).unwrap();
    bodies.reader_fetches("river-levels", asked["request"].as_u64().unwrap(), "levels").unwrap();
    assert!(fs::read(bodies.path("levels")).unwrap().starts_with(b"PAR1"));
    assert!(!bodies.path("ods").exists(), "nothing lies in a folder");
    let verified = bodies.owner(&["share", "verify", &declaration]).unwrap();
    assert_eq!((&verified["faults"], verified["parts"].as_array().unwrap().len()), (&json!(0), 2));
    drop(bucket);
    let text = refused(bodies.owner(&["share", "verify", &declaration]));
    assert!(text.contains("the store does not answer"), "{text}");
}
