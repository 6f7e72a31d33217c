//! Pages that need no build: what to do when the web is not built, the interface as plain HTML, the explanation of a problem.

use std::fmt::Write as _;

use axum::response::{IntoResponse as _, Response};
use chancery_reference_points::Code;
use http::{HeaderValue, StatusCode, header};
use serde_json::Value;

use crate::{problem::status, state::Shared};

const STYLE: &str = include_str!("plain.css");

/// Text as HTML shows it.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A page.
fn html(status: StatusCode, title: &str, body: &str) -> Response {
    let title = escape(title);
    let page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<link rel=\"stylesheet\" href=\"/plain.css\">\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    );
    (status, [(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"))], page).into_response()
}

pub(super) fn style() -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"))], STYLE).into_response()
}

pub(super) fn not_built() -> Response {
    html(
        StatusCode::OK,
        "Chancery",
        "<p>The gateway answers. The web apps are not built yet: run <code>cargo xtask up</code>, or <code>npm ci</code> and \
         <code>npm run build</code> in <code>web/</code>, and start the city again.</p>\n\
         <p><a href=\"/docs/plain\">The interface</a> \u{b7} <a href=\"/openapi.json\">OpenAPI</a> \u{b7} <a href=\"/health\">Health</a></p>",
    )
}

/// The explanation of a problem.
pub(crate) fn explain(code: Code) -> Response {
    let body = format!(
        "<dl><dt>Code</dt><dd><code>{}</code></dd><dt>Status</dt><dd>{}</dd><dt>What to do</dt><dd>{}</dd></dl>\n<p><a href=\"/docs/plain\">The interface</a></p>",
        escape(code.name()),
        status(code).as_u16(),
        escape(code.remedy()),
    );
    html(StatusCode::OK, code.title(), &body)
}

/// The interface as plain HTML, made of the OpenAPI document.
pub(crate) fn plain_docs(shared: &Shared) -> Response {
    let document: Value = serde_json::from_slice(&shared.openapi.0).unwrap_or_default();
    let mut body = String::from("<p>The authority is <a href=\"/openapi.json\">/openapi.json</a> (OpenAPI 3.1).</p>\n");
    let paths = document["paths"].as_object();
    for (path, item) in paths.into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            write_operation(&mut body, path, method, operation, &document["components"]);
        }
    }
    html(StatusCode::OK, "The interface of the city", &body)
}

fn write_operation(body: &mut String, path: &str, method: &str, operation: &Value, components: &Value) {
    let text = |value: &Value| escape(value.as_str().unwrap_or_default());
    // Writing to a String cannot fail.
    let _ = writeln!(body, "<section>\n<h2><code>{} {}</code></h2>", escape(&method.to_uppercase()), escape(path));
    let _ = writeln!(body, "<p>{}</p>\n<p>{}</p>", text(&operation["summary"]), text(&operation["description"]));
    if let Some(parameters) = operation["parameters"].as_array() {
        let _ = writeln!(
            body,
            "<table><thead><tr><th scope=\"col\">Parameter</th><th scope=\"col\">In</th><th scope=\"col\">Meaning</th></tr></thead><tbody>"
        );
        for parameter in parameters {
            let (name, place, meaning) =
                (text(&parameter["name"]), text(&parameter["in"]), text(&parameter["description"]));
            let _ = writeln!(body, "<tr><td><code>{name}</code></td><td>{place}</td><td>{meaning}</td></tr>");
        }
        let _ = writeln!(body, "</tbody></table>");
    }
    let example = &operation["requestBody"]["content"]["application/json"]["example"];
    if !example.is_null() {
        let _ = writeln!(body, "<pre tabindex=\"0\">{}</pre>", escape(&format!("{example:#}")));
    }
    let _ = writeln!(
        body,
        "<table><thead><tr><th scope=\"col\">Status</th><th scope=\"col\">Meaning</th></tr></thead><tbody>"
    );
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        let name = response["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
        let response = name.map_or(response, |name| &components["responses"][name]);
        let _ = writeln!(body, "<tr><td>{}</td><td>{}</td></tr>", escape(status), text(&response["description"]));
    }
    let _ = writeln!(body, "</tbody></table>\n</section>");
}
