//! A page of operations as CSV (RFC 4180).

use chancery_reference_points::data_search::DataPage;

/// The names of the columns.
pub(super) const HEAD: &str =
    "place,index,acceptedAt,source,organization,format,formatVersion,access,name,operation\r\n";

/// The page, with a head.
pub(super) fn write(page: &DataPage) -> String {
    let mut text = HEAD.to_owned();
    for one in &page.operations {
        let access = serde_json::to_value(one.access).ok();
        let access = access.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default();
        let cells = [
            one.at.place.to_string(),
            one.at.index.to_string(),
            one.accepted_at.to_string(),
            one.source.to_string(),
            cell(&one.organization),
            cell(&one.format),
            one.format_version.to_string(),
            access.to_owned(),
            one.name.to_string(),
            cell(&one.operation),
        ];
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}

/// Quoted where it must be. What a spreadsheet would take for a formula begins with an apostrophe.
fn cell(text: &str) -> String {
    let text = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::cell;

    // S-APP
    #[test]
    fn cells_are_quoted_and_are_no_formulas() {
        assert_eq!(cell("a,\"b\"\n"), "\"a,\"\"b\"\"\n\"");
        assert_eq!(cell("=HYPERLINK(1)"), "'=HYPERLINK(1)");
        assert_eq!(cell("@a,b"), "\"'@a,b\"");
        assert_eq!(cell("plain"), "plain");
    }
}
