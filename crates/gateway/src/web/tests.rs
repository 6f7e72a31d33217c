#![allow(clippy::unwrap_used)]

use std::fs;

use super::*;

fn web(files: &[&str]) -> Web {
    let directory = tempfile::tempdir().unwrap();
    for name in files {
        let file = directory.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, name).unwrap();
    }
    Web::load(Some(directory.path())).unwrap()
}

fn found(web: &Web, path: &str) -> Option<String> {
    web.find(path).map(|asset| String::from_utf8(asset.content.to_vec()).unwrap())
}

#[test]
fn a_path_of_the_app_leads_to_its_page() {
    let web = web(&["index.html", "desk.html", "wallet/index.html", "assets/a.js"]);
    for (path, file) in [
        ("/", Some("index.html")),
        ("/desk", Some("desk.html")),
        ("/desk/deeper/still", Some("desk.html")),
        ("/wallet", Some("wallet/index.html")),
        ("/inspect", Some("index.html")),
        // S-APP
        ("/portal", Some("index.html")),
        ("/assets/a.js", Some("assets/a.js")),
        ("/assets/b.js", None),
        ("/desk/a.js", None),
        ("/elsewhere", None),
        ("/assets", None),
    ] {
        assert_eq!(found(&web, path).as_deref(), file, "{path}");
    }
    assert!(Web::load(None).unwrap().find("/").is_none());
}

#[test]
fn a_compressed_file_belongs_to_its_plain_one() {
    let web = web(&["index.html", "a.js", "a.js.br", "a.js.gz", "lonely.br"]);
    let asset = web.find("/a.js").unwrap();
    assert_eq!(asset.brotli.as_deref(), Some(b"a.js.br".as_slice()));
    assert_eq!((found(&web, "/a.js.br"), found(&web, "/a.js.gz")), (None, None));
    assert_eq!(found(&web, "/lonely.br").as_deref(), Some("lonely.br"));
}

#[test]
fn only_a_name_with_a_hash_never_changes() {
    for name in ["assets/app-Ab3_x-9Z.js", "assets/deep/app-00000000.css", "assets/a-b-12345678.js.map"] {
        assert!(load::is_hashed(name), "{name}");
    }
    for name in [
        "app-Ab3xx9Z0.js",
        // The service worker: a browser asks again whether it has changed.
        "offline.js",
        "assets/app.js",
        "assets/app-1234567.js",
        "assets/Ab3xx9Z0.js",
        "assets/app-12345.78.js",
        "assets/",
    ] {
        assert!(!load::is_hashed(name), "{name}");
    }
}

#[test]
fn the_same_content_has_the_same_tag() {
    let (one, other) = (web(&["index.html", "a.js"]), web(&["index.html", "a.js", "b.js"]));
    let tag = |web: &Web, path: &str| web.find(path).unwrap().tag.clone();
    assert_eq!(tag(&one, "/a.js"), tag(&other, "/a.js"));
    assert_ne!(tag(&other, "/a.js"), tag(&other, "/b.js"));
}

#[test]
fn what_is_known_is_known_by_any_of_its_tags() {
    let knows = |header: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_NONE_MATCH, header.parse().unwrap());
        not_modified(&headers, "W/\"a\"")
    };
    assert!(knows("W/\"a\"") && knows("W/\"b\", W/\"a\"") && knows("*"));
    assert!(!knows("W/\"b\"") && !knows("\"a\"") && !not_modified(&HeaderMap::new(), "W/\"a\""));
}

// M-SEC
#[test]
fn security_headers_replace_what_a_handler_says_but_not_how_long_it_is_kept() {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_SECURITY_POLICY, "default-src *".parse().unwrap());
    headers.insert(header::CACHE_CONTROL, "no-cache".parse().unwrap());
    security_headers(&mut headers);
    assert_eq!(headers[header::CONTENT_SECURITY_POLICY], CONTENT_SECURITY_POLICY);
    assert_eq!(headers[header::CACHE_CONTROL], "no-cache");
    let mut bare = HeaderMap::new();
    security_headers(&mut bare);
    assert_eq!(bare[header::CACHE_CONTROL], "no-store");
}
