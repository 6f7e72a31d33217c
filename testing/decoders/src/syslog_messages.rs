//! Messages of syslog: anybody on the network sends them.

use chancery_sharing::collect::read_message;
use serde_json::{Map, Value};

/// Every message becomes a record, and what is none is kept as it came.
pub fn check(data: &[u8]) {
    let record: Map<String, Value> = serde_json::from_str(&read_message(data)).unwrap();
    assert!(!record.is_empty());
    if record.contains_key("malformed") {
        let kept = match (&record["malformed"], std::str::from_utf8(data)) {
            (Value::Bool(true), Ok(text)) => record["message"] == text,
            (Value::Bool(true), Err(_)) => record["bytes"] == format!("0x{}", hex::encode(data)),
            _ => false,
        };
        assert!(kept, "a message that cannot be read is changed");
    } else {
        assert!(record["facility"].as_u64() < Some(24) && record["severity"].as_u64() < Some(8));
    }
}

/// Messages of both standards, and some of none.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    [
        "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \u{feff}'su root' failed",
        "<165>1 2003-10-11T22:14:15.003Z h evntslog - ID47 [a@32473 iut=\"3\" eventSource=\"A\\\"p\\]p\"][b class=\"high\"]",
        "<34>Oct 11 22:14:15 mymachine su[12]: 'su root' failed",
        "<13>Use the BFG!",
        "<192>x",
        "hello",
    ]
    .map(|text| text.as_bytes().to_vec())
    .into()
}
