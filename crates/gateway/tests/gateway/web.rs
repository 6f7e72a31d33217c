//! The web: what is served, under which headers, and what is not there.

use std::{fs, path::Path};

use chancery_gateway::{ConfigError, Gateway, GatewayConfig, Origin, ServeError};

use crate::{
    doors::Behind,
    harness::Harness,
    wire::{Answer, Request},
};

const SCRIPT: &str = "assets/app-Ab3_x-9Z.js";

/// What the build of the web leaves, in small.
fn built() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &str| {
        let file = directory.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    };
    write("index.html", "<!doctype html><title>start</title>");
    write("wallet.html", "<!doctype html><title>wallet</title>");
    write(SCRIPT, "export const script = 1;");
    write(&format!("{SCRIPT}.br"), "as if compressed");
    write("favicon.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>");
    directory
}

async fn serving(directory: &Path) -> Harness {
    let directory = directory.to_owned();
    Harness::configured(|config| config.web_directory = Some(directory)).await
}

fn assert_secured(answer: &Answer, place: &str) {
    let policy = answer.header("content-security-policy");
    let directives: Vec<_> = policy.split("; ").map(|directive| directive.split_once(' ').unwrap()).collect();
    let of = |name: &str| directives.iter().find(|(known, _)| *known == name).map(|(_, sources)| *sources);
    for closed in ["default-src", "base-uri", "form-action", "frame-ancestors"] {
        assert_eq!(of(closed), Some("'none'"), "{place}: {closed}");
    }
    for own in ["script-src", "style-src", "connect-src", "font-src", "manifest-src", "worker-src"] {
        assert_eq!(of(own), Some("'self'"), "{place}: {own}");
    }
    for (_, sources) in &directives {
        for source in sources.split(' ') {
            assert!(["'none'", "'self'", "data:", "blob:"].contains(&source), "{place}: {source} lets something in");
        }
    }
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(answer.header(name), value, "{place}");
    }
    assert!(answer.header("permissions-policy").starts_with("camera=(self), microphone=(), geolocation=()"), "{place}");
    assert_eq!(answer.header("access-control-allow-origin"), "", "{place}: nobody elsewhere may read it");
    assert!(!answer.header("cache-control").is_empty(), "{place} does not say how it is kept");
    assert_eq!(answer.header("x-request-id").len(), 36, "{place}");
}

// M-SEC
#[tokio::test]
async fn every_answer_has_all_security_headers() {
    let directory = built();
    let harness = serving(directory.path()).await;
    let script = format!("/{SCRIPT}");
    let paths =
        ["/", "/wallet", &script, "/favicon.svg", "/docs/plain", "/openapi.json", "/health", "/problems/internal"];
    for path in paths {
        let answer = harness.send(Request::new("GET", path)).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_secured(&answer, path);
    }
    for (method, path, status) in
        [("GET", "/nowhere", 404), ("GET", "/v1/users", 401), ("PUT", "/health", 405), ("GET", "/v1/kinds/%ff", 400)]
    {
        let answer = harness.send(Request::new(method, path)).await;
        answer.problem();
        assert_eq!(answer.status, status, "{path}");
        assert_secured(&answer, path);
    }
    let long = harness.send(Request::new("GET", &format!("/{}", "x".repeat(9000)))).await;
    assert_secured(&long, "a refusal of the outermost layer");
    harness.stop().await;
}

#[tokio::test]
async fn a_page_of_the_app_is_served_for_each_of_its_routes_and_for_no_other() {
    let directory = built();
    let harness = serving(directory.path()).await;
    for (path, title) in
        [("/", "start"), ("/desk/applications", "start"), ("/inspect", "start"), ("/wallet/certificates/1", "wallet")]
    {
        let answer = harness.send(Request::new("GET", path)).await;
        assert!(answer.status == 200 && answer.text().contains(title), "{path}: {}", answer.text());
        assert_eq!(
            (answer.header("content-type"), answer.header("cache-control")),
            ("text/html; charset=utf-8", "no-cache")
        );
    }
    for path in ["/nowhere", "/desk/app.js", "/wallet.txt", "/assets/app-00000000.js", "/index"] {
        let answer = harness.send(Request::new("GET", path)).await;
        assert_eq!((answer.status, answer.problem().as_str()), (404, "unknown-route"), "{path}");
    }
    harness.stop().await;
}

#[tokio::test]
async fn nothing_outside_of_the_web_is_served() {
    let directory = built();
    let secret = directory.path().parent().unwrap().join(format!("secret-{}.txt", std::process::id()));
    fs::write(&secret, "secret").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(&secret, directory.path().join("link.txt")).unwrap();
    let harness = serving(directory.path()).await;
    let name = secret.file_name().unwrap().to_str().unwrap();
    for path in [
        format!("/../{name}"),
        format!("/%2e%2e/{name}"),
        format!("/assets/../../{name}"),
        format!("/..%2f{name}"),
        "/link.txt".into(),
    ] {
        let answer = harness.send(Request::new("GET", &path)).await;
        assert_eq!((answer.status, answer.problem().as_str()), (404, "unknown-route"), "{path}");
    }
    fs::remove_file(&secret).unwrap();
    harness.stop().await;
}

#[tokio::test]
async fn what_never_changes_is_kept_and_what_is_known_is_not_sent_again() {
    let directory = built();
    let harness = serving(directory.path()).await;
    let script = Request::new("GET", &format!("/{SCRIPT}"));
    let answer = harness.send(script.clone()).await;
    assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(
        (answer.header("content-type"), answer.header("content-encoding")),
        ("text/javascript; charset=utf-8", "")
    );
    let tag = answer.header("etag").to_owned();
    for known in [tag.clone(), format!("\"other\", {tag}"), "*".into()] {
        let again = harness.send(script.clone().with("if-none-match", &known)).await;
        assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, tag.as_str()), "{known}");
        assert_secured(&again, "an answer without a body");
    }
    assert_eq!(harness.send(script.clone().with("if-none-match", "\"other\"")).await.status, 200);
    let compressed = harness.send(script.with("accept-encoding", "gzip, br")).await;
    assert_eq!((compressed.header("content-encoding"), compressed.text().as_str()), ("br", "as if compressed"));
    assert!(compressed.header("vary").contains("accept-encoding"));
    harness.stop().await;
}

#[tokio::test]
async fn head_answers_as_get_without_a_body() {
    let directory = built();
    let harness = serving(directory.path()).await;
    for path in ["/", &format!("/{SCRIPT}"), "/health", "/openapi.json", "/nowhere", "/v1/users"] {
        let (get, head) =
            (harness.send(Request::new("GET", path)).await, harness.send(Request::new("HEAD", path)).await);
        assert_eq!((head.status, head.body.len()), (get.status, 0), "{path}");
        for name in ["content-type", "etag", "cache-control", "www-authenticate"] {
            assert_eq!(head.header(name), get.header(name), "{path}: {name}");
        }
        assert_secured(&head, path);
    }
    harness.stop().await;
}

#[tokio::test]
async fn without_a_build_the_gateway_says_how_to_make_one() {
    let harness = Harness::start().await;
    let start = harness.send(Request::new("GET", "/")).await;
    assert!(start.status == 200 && start.text().contains("npm run build"), "{}", start.text());
    assert_secured(&start, "/");
    let docs = harness.send(Request::new("GET", "/docs")).await;
    assert!(docs.text().contains("POST /v1/certificates"));
    let style = harness.send(Request::new("GET", "/plain.css")).await;
    assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
    assert_eq!(harness.send(Request::new("GET", "/wallet")).await.problem(), "unknown-route");
    harness.stop().await;
}

#[test]
fn a_directory_that_is_no_build_is_refused_at_the_start() {
    let directory = tempfile::tempdir().unwrap();
    for wrong in [directory.path().to_owned(), directory.path().join("nowhere")] {
        let mut config = GatewayConfig::new(vec![Origin::parse("http://127.0.0.1:8080").unwrap()], 7100);
        config.web_directory = Some(wrong.clone());
        let doors = std::sync::Arc::new(Behind::default()).doors();
        let Err(ServeError::Config(ConfigError::Web { directory, .. })) = Gateway::new(config, doors) else { panic!() };
        assert_eq!(directory, wrong);
    }
}
