//! Reading the built files, within bounds.

use std::{collections::HashMap, fs, path::Path};

use alloy_primitives::hex;
use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::Asset;
use crate::{
    ConfigError,
    limits::{MAX_WEB_BYTES, MAX_WEB_FILES},
};

/// Reads all files below a directory. Symbolic links are not followed: they could lead out of it.
pub(super) fn directory(root: &Path) -> Result<HashMap<String, Asset>, ConfigError> {
    let refuse = |reason: String| ConfigError::Web { directory: root.to_owned(), reason };
    let mut contents = HashMap::new();
    let mut waiting = vec![root.to_owned()];
    let mut bytes = 0;
    while let Some(directory) = waiting.pop() {
        let entries = fs::read_dir(&directory).map_err(|error| refuse(error.to_string()))?;
        for entry in entries {
            let entry = entry.map_err(|error| refuse(error.to_string()))?;
            let kind = entry.file_type().map_err(|error| refuse(error.to_string()))?;
            if kind.is_dir() {
                waiting.push(entry.path());
            }
            if !kind.is_file() {
                continue;
            }
            let content = fs::read(entry.path()).map_err(|error| refuse(error.to_string()))?;
            bytes += content.len() as u64;
            if contents.len() >= MAX_WEB_FILES || bytes > MAX_WEB_BYTES {
                return Err(refuse(format!("more than {MAX_WEB_FILES} files or {MAX_WEB_BYTES} bytes")));
            }
            contents.insert(
                name(root, &entry.path()).ok_or_else(|| refuse("a file name is not UTF-8".into()))?,
                Bytes::from(content),
            );
        }
    }
    if !contents.contains_key("index.html") {
        return Err(refuse("there is no index.html; build the web first".into()));
    }
    Ok(assets(contents))
}

fn name(root: &Path, path: &Path) -> Option<String> {
    let parts = path.strip_prefix(root).ok()?.iter().map(|part| part.to_str()).collect::<Option<Vec<_>>>()?;
    Some(parts.join("/"))
}

fn assets(mut contents: HashMap<String, Bytes>) -> HashMap<String, Asset> {
    let compressed: Vec<String> = contents
        .keys()
        .filter(|name| {
            [".br", ".gz"].iter().any(|end| name.strip_suffix(end).is_some_and(|plain| contents.contains_key(plain)))
        })
        .cloned()
        .collect();
    let mut brotli: HashMap<String, Bytes> = HashMap::new();
    for name in compressed {
        let content = contents.remove(&name);
        if let (Some(plain), Some(content)) = (name.strip_suffix(".br"), content) {
            brotli.insert(plain.to_owned(), content);
        }
    }
    contents
        .into_iter()
        .map(|(name, content)| {
            let tag = format!("W/\"{}\"", hex::encode(&Sha256::digest(&content)[..12]));
            let asset = Asset {
                brotli: brotli.remove(&name),
                media_type: media_type(&name),
                tag,
                immutable: is_hashed(&name),
                content,
            };
            (name, asset)
        })
        .collect()
}

/// Whether a name is one that the build makes from the content: below `assets/`, with a dash and eight characters before the ending.
pub(super) fn is_hashed(name: &str) -> bool {
    let Some(file) = name.strip_prefix("assets/") else { return false };
    let stem = file.rsplit('/').next().and_then(|file| file.split('.').next()).unwrap_or_default();
    // The hash itself may contain dashes, so it is found by length.
    let (Some(hash), Some(dash)) = (stem.len().checked_sub(8).and_then(|at| stem.get(at..)), stem.len().checked_sub(9))
    else {
        return false;
    };
    stem.as_bytes()[dash] == b'-' && hash.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        "ttf" => "font/ttf",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
