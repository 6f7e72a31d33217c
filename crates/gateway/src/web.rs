//! The web apps: built files, read once and served from memory, with headers that let nothing in from elsewhere. Without built files, a page
//! that tells how to build them.

use std::{collections::HashMap, path::Path, sync::Arc};

use axum::{
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use chancery_reference_points::Code;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use crate::{ConfigError, problem::ApiError, state::Shared};

mod load;
mod pages;

pub(crate) use pages::{explain, plain_docs};

/// The content security policy of every answer.
pub(crate) const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; \
     font-src 'self'; media-src 'self' blob:; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The first parts of paths that the single-page app routes by itself.
const APP_ROUTES: [&str; 7] = ["", "desk", "wallet", "inspect", "docs", "alliance", "portal"];

/// How a file is kept.
#[derive(Clone, Debug)]
pub(crate) struct Asset {
    pub(crate) content: Bytes,
    /// Compressed beforehand with Brotli, if the build did so.
    pub(crate) brotli: Option<Bytes>,
    pub(crate) media_type: &'static str,
    pub(crate) tag: String,
    /// Whether its name contains a hash of its content, so that it never changes.
    pub(crate) immutable: bool,
}

/// The files by path, without the leading slash.
pub(crate) struct Web {
    files: HashMap<String, Asset>,
}

impl Web {
    /// Reads a directory of built files.
    pub(crate) fn load(directory: Option<&Path>) -> Result<Self, ConfigError> {
        let files = directory.map_or_else(|| Ok(HashMap::new()), load::directory)?;
        Ok(Self { files })
    }

    /// The file of a path: itself, or the page of the app that routes the path.
    fn find(&self, path: &str) -> Option<&Asset> {
        let path = path.trim_start_matches('/');
        if let Some(asset) = self.files.get(path) {
            return Some(asset);
        }
        let first = path.split('/').next().unwrap_or_default();
        // A name with a dot is a file that is not there, not a page.
        if !APP_ROUTES.contains(&first) || path.rsplit('/').next().is_some_and(|last| last.contains('.')) {
            return None;
        }
        let own = [format!("{first}.html"), format!("{first}/index.html")];
        own.iter().find_map(|page| self.files.get(page)).or_else(|| self.files.get("index.html"))
    }
}

/// Everything that is no endpoint: the web.
pub(crate) async fn serve(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let path = request.uri().path();
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return ApiError::new(Code::UnknownRoute, "no endpoint with this method and path").into_response();
    }
    if let Some(asset) = shared.web.find(path) {
        return asset.answer(request.headers());
    }
    match path {
        "/" if shared.web.files.is_empty() => pages::not_built(),
        "/docs" => plain_docs(&shared),
        "/plain.css" => pages::style(),
        _ => ApiError::new(Code::UnknownRoute, "neither an endpoint nor a page has this path").into_response(),
    }
}

impl Asset {
    fn answer(&self, request: &HeaderMap) -> Response {
        let cache = if self.immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
        let accepts = request.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let brotli = self.brotli.as_ref().filter(|_| accepts.split(',').any(|encoding| encoding.trim() == "br"));
        let mut response = if not_modified(request, &self.tag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            brotli.unwrap_or(&self.content).clone().into_response()
        };
        let is_full = response.status() == StatusCode::OK;
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if let Ok(tag) = HeaderValue::from_str(&self.tag) {
            headers.insert(header::ETAG, tag);
        }
        if is_full {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.media_type));
            if brotli.is_some() {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
            }
        }
        response
    }
}

/// Whether the caller has this version already.
pub(crate) fn not_modified(request: &HeaderMap, tag: &str) -> bool {
    let known = request.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    known.is_some_and(|list| list.split(',').any(|known| known.trim() == tag || known.trim() == "*"))
}

/// Puts the security headers on an answer.
pub(crate) fn security_headers(headers: &mut HeaderMap) {
    const HEADERS: [(&str, &str); 7] = [
        ("content-security-policy", CONTENT_SECURITY_POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("permissions-policy", "camera=(self), microphone=(), geolocation=(), payment=(), usb=()"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("x-frame-options", "DENY"),
    ];
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    // Answers may be about a person; what may be kept says so itself.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

#[cfg(test)]
mod tests;
