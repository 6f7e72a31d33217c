//! Who may ask what, of every listener that the binary opens (role x action). The gateway's own routes stand in `crates/gateway/src/authorization/matrix.rs`, which its tests
//! walk; here stand all others, and the tests that walk them. A route, or a place that opens a listener, without a row fails.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use chancery_testing::process::project_root;

/// Where a route is made, its path and method as they stand there, who may ask, and the test that asks it as everybody.
struct Route(&'static str, &'static str, &'static str, &'static str, &'static str);

const PERSONS: &str = "crates/gateway/src/persons/tests.rs::only_an_office_that_signs_each_request_is_answered";
const DEPARTMENT: &str = "crates/gateway/src/department/tests.rs::every_route_of_a_department_is_asked_by_everybody";
const ALLIANCE: &str =
    "crates/bridge/tests/bridge/admission.rs::every_route_of_an_alliances_nodes_is_asked_by_everybody";
const REPORTS: &str =
    "crates/bridge/src/report/service.rs::a_node_is_told_of_what_concerns_its_member_and_speaks_for_nobody_else";
const FILES: &str = "crates/bridge/tests/bridge/files.rs::a_file_follows_the_commit_and_not_a_byte_comes_before";
const GRPC_MATRIX: &str = "crates/gateway/tests/gateway/grpc_configuring.rs::the_matrix_holds_over_grpc";
const GRPC: &str = "crates/gateway/src/grpc/tests.rs::every_method_that_is_described_is_decided_by_a_row";
const NODE: &str = "testing/tests/monitoring.rs::the_dashboard_and_the_alerts_ask_for_what_nodes_show";

const ROUTES: &[Route] = &[
    Route(
        "crates/bridge/src/endorser/service.rs",
        "PATH",
        "post",
        "nodes with the scope `request`; on loopback without TLS anybody",
        ALLIANCE,
    ),
    Route(
        "crates/bridge/src/endorser/service.rs",
        "ATTEST_PATH",
        "post",
        "every node of the alliance; on loopback without TLS anybody",
        ALLIANCE,
    ),
    Route("crates/bridge/src/endorser/service.rs", "\"/health\"", "get", "whoever reaches it", ALLIANCE),
    Route(
        "crates/bridge/src/exchange/service.rs",
        "PATH",
        "post",
        "the request's parties, by a signature in the query",
        FILES,
    ),
    Route("crates/bridge/src/exchange/service.rs", "\"/health\"", "get", "whoever reaches it", FILES),
    Route(
        "crates/bridge/src/relay/service.rs",
        "PATH",
        "post",
        "nodes with the scope `request`; on loopback without TLS anybody",
        ALLIANCE,
    ),
    Route(
        "crates/bridge/src/report/service.rs",
        "PATH",
        "post",
        "every node of the alliance, of what concerns its member; on loopback without TLS anybody",
        REPORTS,
    ),
    Route(
        "crates/bridge/src/report/service.rs",
        "STEPS_PATH",
        "post",
        "nodes with the scope `request`; on loopback without TLS anybody",
        REPORTS,
    ),
    Route("crates/bridge/src/relay/service.rs", "\"/health\"", "get", "whoever reaches it", ALLIANCE),
    Route(
        "crates/gateway/src/department.rs",
        "\"/v1/assets/{asset}/requests/{request}\"",
        "get",
        "the reader, who signs",
        DEPARTMENT,
    ),
    Route(
        "crates/gateway/src/department.rs",
        "\"/v1/assets/{asset}/requests/{request}/file\"",
        "get",
        "the reader, who signs",
        DEPARTMENT,
    ),
    Route("crates/gateway/src/grpc/router.rs", "&path_of(&health)", "", "anybody", GRPC),
    Route("crates/gateway/src/grpc/router.rs", "&path_of(&o2c)", "", "as its row of REST", GRPC_MATRIX),
    Route("crates/gateway/src/grpc/router.rs", "&path_of(&r2d)", "", "as its row of REST", GRPC),
    Route("crates/gateway/src/grpc/router.rs", "&path_of(&reflection)", "", "anybody", GRPC),
    Route("crates/gateway/src/grpc/router.rs", "&path_of(&session)", "", "as its row of REST", GRPC),
    Route("crates/gateway/src/grpc/router.rs", "&path_of(&u2s)", "", "as its row of REST", GRPC),
    Route("crates/gateway/src/grpc/router.rs", "&path_of(&v2m)", "", "as its row of REST", GRPC_MATRIX),
    Route("crates/gateway/src/persons.rs", "\"/v1/evaluations\"", "post", "an office, which signs", PERSONS),
    Route("crates/gateway/src/persons.rs", "\"/v1/persons\"", "post", "an office, which signs", PERSONS),
    Route(
        "crates/gateway/src/persons.rs",
        "\"/v1/persons/{identity}/state\"",
        "post",
        "the office that claimed it, which signs",
        PERSONS,
    ),
    Route("crates/gateway/src/signed_door.rs", "\"/health\"", "get", "whoever reaches it", DEPARTMENT),
    Route(
        "crates/sharing/src/collect/http.rs",
        "\"/records\"",
        "post",
        "whoever shows the token, or under mutual TLS a certificate; on loopback without either anybody",
        "crates/sharing/tests/sharing/logs.rs::records_over_http_are_on_disk_when_they_are_acknowledged",
    ),
    Route(
        "bin/chancery/src/alliance/relay/observed.rs",
        "\"/health\"",
        "get",
        "whoever reaches it: it listens on loopback",
        ALLIANCE,
    ),
    Route(
        "bin/chancery/src/alliance/relay/observed.rs",
        "\"/metrics\"",
        "get",
        "whoever reaches it: it listens on loopback",
        ALLIANCE,
    ),
    Route(
        "bin/chancery/src/network/observed.rs",
        "\"/metrics\"",
        "get",
        "whoever reaches it: where `[observe]` says",
        NODE,
    ),
    Route(
        "bin/chancery/src/network/observed.rs",
        "\"/health\"",
        "get",
        "whoever reaches it: where `[observe]` says",
        NODE,
    ),
    Route(
        "bin/chancery/src/network/observed.rs",
        "\"/ready\"",
        "get",
        "whoever reaches it: where `[observe]` says",
        NODE,
    ),
];

/// Where sockets are bound, what listens there, who is let in, and a test of that.
const OPENED: &[(&str, &str, &str)] = &[
    ("bin/chancery/src/alliance.rs", "nodes of an alliance: the routes above", ALLIANCE),
    ("bin/chancery/src/alliance/relay.rs", "a relay's health and metrics, on loopback", ALLIANCE),
    (
        "bin/chancery/src/city/listeners.rs",
        "the gateway: the matrix",
        "crates/gateway/tests/gateway/authorization.rs::every_endpoint_has_one_expectation",
    ),
    (
        "bin/chancery/src/city/listen.rs",
        "gRPC: rows of the matrix; MQTT: each message is signed by a registered source",
        GRPC,
    ),
    ("bin/chancery/src/city/nodes.rs", "nothing: ports that are free are looked for", NODE),
    ("bin/chancery/src/commands/demo/alliance/ground.rs", "nothing: a port that is free is looked for", ALLIANCE),
    ("bin/chancery/src/commands/doctor/files.rs", "nothing: whether a port is taken", NODE),
    ("bin/chancery/src/network/observed.rs", "a node's health and metrics", NODE),
    (
        "crates/chain/src/network.rs",
        "nothing: whether a port is taken, before peers are let in by the chain's permissions",
        "testing/tests/permissions.rs",
    ),
    (
        "crates/chain/src/snapshot/control.rs",
        "back-ups of a node: the owner of its folder",
        "testing/tests/snapshots.rs",
    ),
    (
        "crates/doors/src/listener.rs",
        "doors between processes: the owner of the folder",
        "crates/doors/tests/doors/ending.rs::a_folder_that_others_may_enter_is_spoken_through_by_nobody",
    ),
    (
        "crates/gateway/src/mqtt/broker/tls.rs",
        "the way to a broker over TLS: a socket in a folder that nobody else may enter",
        "crates/gateway/src/mqtt/tests/broker/encrypted.rs::a_broker_over_tls_is_followed_and_shown_who_comes",
    ),
    (
        "crates/rpc/src/server.rs",
        "JSON-RPC: anybody, or who has a token; what may be sent the chain's permissions say",
        "crates/rpc/tests/rpc/tokens.rs::whoever_shows_no_token_gets_no_method_answered",
    ),
    (
        "crates/sharing/src/collect/mod.rs",
        "records: the route above; syslog of this machine, of named senders, or under TLS",
        "crates/sharing/tests/sharing/plain_syslog.rs::plain_syslog_beyond_this_machine_is_refused_and_on_it_taken_of_named_senders_alone",
    ),
];

/// Rust files that are shipped, without those that test.
fn shipped() -> Vec<PathBuf> {
    let root = project_root();
    let mut folders = vec![root.join("bin"), root.join("crates")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "tests") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && path.file_name().is_some_and(|name| name != "tests.rs")
                && path.components().any(|component| component.as_os_str() == "src")
            {
                files.push(path);
            }
        }
    }
    files
}

/// The code of a file before its inline tests, and its name within the project.
fn code(path: &Path) -> (String, String) {
    let text = fs::read_to_string(path).unwrap();
    let before = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default().to_owned();
    (path.strip_prefix(project_root()).unwrap().to_str().unwrap().replace('\\', "/"), before)
}

/// What stands between a parenthesis that has been opened and its end.
fn within(text: &str) -> &str {
    let mut depth = 1;
    for (place, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &text[..place];
        }
    }
    text
}

/// Paths and methods of the routes that a text makes, as they stand there.
fn routes(text: &str) -> impl Iterator<Item = (String, String)> {
    let made = [".route(", ".route_service(", ".nest(", ".nest_service(", ".fallback_service("];
    let made = made
        .into_iter()
        .flat_map(move |call| text.match_indices(call).map(move |(place, _)| &text[place + call.len()..]));
    made.map(|rest| {
        let arguments = within(rest).trim();
        // The first comma outside of parentheses.
        let mut depth = 0;
        let end = arguments.find(|character: char| {
            match character {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            character == ',' && depth == 0
        });
        let (path, answer) = arguments.split_at(end.unwrap_or(arguments.len()));
        let is_called = |method: &&str| {
            let called = format!("{method}(");
            answer
                .match_indices(&called)
                .any(|(place, _)| !answer[..place].ends_with(|before: char| before.is_alphanumeric() || before == '_'))
        };
        let methods: Vec<_> = ["any", "delete", "get", "patch", "post", "put"].into_iter().filter(is_called).collect();
        (path.trim().to_owned(), methods.join(" "))
    })
}

fn is_there(test: &str) -> bool {
    let (file, name) = test.split_once("::").map_or((test, None), |(file, name)| (file, Some(name)));
    let text = fs::read_to_string(project_root().join(file)).unwrap_or_default();
    !text.is_empty() && name.is_none_or(|name| text.contains(&format!("fn {name}(")))
}

// GATEWAY-1, S-NET: role x action, of every listener.
#[test]
fn every_route_of_every_listener_has_a_row_and_a_test_that_asks_it() {
    let mut made = BTreeSet::new();
    for (file, text) in shipped().iter().map(|path| code(path)) {
        // Routes of the gateway are made by the description of each, and stand in its matrix.
        made.extend(routes(&text).map(|(path, methods)| (file.clone(), path, methods)));
    }
    let known: BTreeSet<_> = ROUTES
        .iter()
        .map(|Route(file, path, method, ..)| ((*file).to_owned(), (*path).to_owned(), (*method).to_owned()))
        .collect();
    assert_eq!(known.len(), ROUTES.len(), "a row stands twice");
    let (new, gone): (Vec<_>, Vec<_>) = (made.difference(&known).collect(), known.difference(&made).collect());
    assert!(new.is_empty(), "without a row that says who may ask: {new:#?}");
    assert!(gone.is_empty(), "rows of what is not there: {gone:#?}");
    for Route(file, path, _, who, test) in ROUTES {
        assert!(!who.is_empty() && is_there(test), "{file} {path}: {test}");
    }
}

#[test]
fn every_place_that_listens_has_a_row() {
    let calls =
        ["TcpListener::bind(", "UdpSocket::bind(", "UnixListener::bind(", "UnixDatagram::bind(", "TcpSocket::new_"];
    let opening: BTreeSet<_> = shipped()
        .iter()
        .map(|path| code(path))
        .filter(|(_, text)| calls.iter().any(|call| text.contains(call)))
        .map(|(file, _)| file)
        .collect();
    let known: BTreeSet<_> = OPENED.iter().map(|(file, ..)| (*file).to_owned()).collect();
    assert_eq!(opening, known);
    for (file, who, test) in OPENED {
        assert!(!who.is_empty() && is_there(test), "{file}: {test}");
    }
}
