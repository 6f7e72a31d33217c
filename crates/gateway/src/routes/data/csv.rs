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
            one.organization.clone(),
            one.format.clone(),
            one.format_version.to_string(),
            access.to_owned(),
            one.name.to_string(),
            one.operation.clone(),
        ];
        let cells = cells.map(|text| cell(&text));
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}

/// What begins a formula for a spreadsheet, in any width.
const FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
/// What ends a cell for a spreadsheet that guesses, or takes its country's. It finds them inside of quotes too: those of a second cell of ours are for it in the middle of the first.
const SEPARATORS: [char; 5] = [';', '|', '\t', '\r', '\n'];

/// Always quoted. What a spreadsheet would take for a formula, at the beginning or behind what it may take for the end of a cell, has an apostrophe before it.
pub(super) fn cell(text: &str) -> String {
    let (mut cell, mut begins) = ("\"".to_owned(), true);
    for (place, letter) in text.char_indices() {
        if begins && is_formula(&text[place..]) {
            cell.push('\'');
        }
        if letter == '"' {
            cell.push('"');
        }
        cell.push(letter);
        begins = SEPARATORS.contains(&letter);
    }
    cell.push('"');
    cell
}

/// Whether a cell that begins so is one; blanks and quotes are taken off by some.
fn is_formula(text: &str) -> bool {
    let is_taken_off = |letter: char| letter == '"' || (letter.is_whitespace() && !SEPARATORS.contains(&letter));
    text.trim_start_matches(is_taken_off).starts_with(FORMULA)
}

#[cfg(test)]
mod tests {
    use super::cell;

    // S-APP
    #[test]
    fn cells_are_quoted_and_are_no_formulas() {
        assert_eq!(cell("a,\"b\"\n"), "\"a,\"\"b\"\"\n\"");
        assert_eq!(cell("=HYPERLINK(1)"), "\"'=HYPERLINK(1)\"");
        assert_eq!(cell("@a,b"), "\"'@a,b\"");
        assert_eq!(cell("plain"), "\"plain\"");
    }

    // S-APP, M-SEC: a spreadsheet of a country with decimal commas reads `;` as the end of a cell, also inside of quotes of any cell but the first.
    #[test]
    fn no_formula_begins_behind_what_a_spreadsheet_may_take_for_the_end_of_a_cell() {
        for (text, neutral) in [
            ("a;=1+1", "a;'=1+1"),
            ("a|@b", "a|'@b"),
            ("a\t-1", "a\t'-1"),
            ("a\n+1", "a\n'+1"),
            ("a\r\n=1", "a\r\n'=1"),
            ("; =1", ";' =1"),
            (";\"=1\"", ";'\"\"=1\"\""),
            ("\u{a0}=1", "'\u{a0}=1"),
            ("\u{ff1d}1", "'\u{ff1d}1"),
            ("\t=1", "'\t'=1"),
            ("a;b=1", "a;b=1"),
            ("{\"a\":[1,-2]}", "{\"\"a\"\":[1,-2]}"),
        ] {
            assert_eq!(cell(text), format!("\"{neutral}\""), "{text:?}");
        }
    }
}
