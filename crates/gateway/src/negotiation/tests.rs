#![allow(clippy::unwrap_used)]

use chancery_rest::types::data::PageFormat::{self, Arrow, Csv, Json, Parquet};
use http::{HeaderValue, header};

use super::*;

fn chosen(lines: &[&str]) -> Result<PageFormat, ApiError> {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(header::ACCEPT, HeaderValue::from_bytes(line.as_bytes()).unwrap());
    }
    choose(&headers, &PageFormat::ALL, PageFormat::media_type)
}

// S-APP
#[test]
fn the_best_liked_type_is_chosen_and_of_equals_the_first() {
    const PARQUET: &str = "application/vnd.apache.parquet";
    for (lines, expected) in [
        (&[][..], Json),
        (&["*/*"], Json),
        (&["text/*"], Csv),
        (&["text/csv;q=0.5, application/vnd.apache.parquet;q=0.501"], Parquet),
        (&["text/csv;q=0.5, application/vnd.apache.parquet;q=0.5"], Csv),
        (&["application/vnd.apache.parquet, application/json"], Json),
        (&["application/*;q=0.2, Application/VND.Apache.Arrow.Stream"], Arrow),
        // The more specific range decides, whichever comes first and whichever is the higher.
        (&["*/*, application/json;q=0.1, text/csv;q=0"], Parquet),
        (&["application/*;q=0, */*;q=0.1"], Csv),
        (&["application/json;q=0", PARQUET], Parquet),
        (&["text/html, image/gif, *; q=.2, */*; q=.2"], Json),
        (&["application/json; charset=UTF-8"], Json),
        (&["text/csv;charset=\"utf-8\";header=present , */*;q=0.9"], Csv),
        (&["text/csv;charset=iso-8859-1, */*;q=0.9"], Json),
        // A comma and a quality within a quoted string are text.
        (&["text/csv;note=\"a, application/json;q=1, \\\"\";q=0.2, application/vnd.apache.parquet;q=0.3"], Parquet),
    ] {
        assert_eq!(chosen(lines).unwrap(), expected, "{lines:?}");
    }
}

// S-APP
#[test]
fn what_does_not_read_counts_as_if_it_were_not_there() {
    for unread in [
        "",
        ",",
        "parquet",
        "/csv",
        "text/",
        "*/csv",
        "text/csv;q=2",
        "text/csv;q=0.1234",
        "text/csv;q=",
        "text/csv;q=.",
    ] {
        assert_eq!(chosen(&[unread]).unwrap(), Json, "{unread}");
        let with_a_wish = format!("{unread}, application/vnd.apache.arrow.stream;q=0.001");
        assert_eq!(chosen(&[&with_a_wish]).unwrap(), Arrow, "{unread}");
    }
    assert_eq!(chosen(&["text/csv\u{e9}"]).unwrap(), Json);
}

// S-APP
#[test]
fn who_accepts_nothing_that_is_offered_is_told_what_is() {
    for accept in ["text/html", "application/json;q=0", "application/xml, text/csv;q=0.000", "image/*", "*/*;q=0"] {
        let refused = chosen(&[accept]).unwrap_err();
        assert_eq!((refused.error.code(), refused.status.as_u16()), (Code::NotAcceptable, 406), "{accept}");
        let offered = &refused.error.members()["offered"];
        assert_eq!(offered, &serde_json::json!(PageFormat::ALL.map(PageFormat::media_type)), "{accept}");
    }
}
