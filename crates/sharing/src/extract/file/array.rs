//! One JSON array of objects (RFC 8259), an element at a time: the file is never in memory.

use std::io::{BufRead, BufReader, Read};

use serde_json::{Map, Value as Json};

use super::{BUFFER_BYTES, MAX_RECORD_BYTES, lost, record::take};
use crate::extract::{Declaration, ExtractError, staging::StagedRows};

/// Deepest nesting inside an element.
const MAX_DEPTH: usize = 64;

pub(super) fn array(file: impl Read, declaration: &Declaration, rows: &mut StagedRows) -> Result<(), ExtractError> {
    let mut elements = Elements::new(file)?;
    let (mut element, mut position) = (Vec::new(), 0);
    while elements.next(&mut element)? {
        position += 1;
        match serde_json::from_slice::<Map<String, Json>>(&element) {
            Ok(fields) => take(position, fields, declaration, rows)?,
            Err(_) => {
                let text = Json::String(String::from_utf8_lossy(&element).into_owned());
                let fields = Map::from_iter([("element".to_owned(), text)]);
                rows.reject(position, None, "not a JSON object as expected", fields)?;
            }
        }
    }
    Ok(())
}

/// Cuts an array into the text of its elements. What an element is, is for its reader to say.
struct Elements<R> {
    input: BufReader<R>,
    place: Place,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Opened,
    AfterComma,
    Closed,
}

impl<R: Read> Elements<R> {
    fn new(input: R) -> Result<Self, ExtractError> {
        let mut elements = Self { input: BufReader::with_capacity(BUFFER_BYTES, input), place: Place::Opened };
        match elements.token()? {
            Some(b'[') => Ok(elements),
            _ => Err(ExtractError::SourceMalformed("this is no JSON array")),
        }
    }

    /// The next element; false at the end of the array, behind which nothing may follow.
    fn next(&mut self, element: &mut Vec<u8>) -> Result<bool, ExtractError> {
        element.clear();
        if self.place == Place::Closed {
            return self.end();
        }
        let begins = self.token()?.ok_or(CUT_OFF)?;
        if begins == b']' && self.place == Place::Opened {
            return self.end();
        }
        if matches!(begins, b',' | b']') {
            return Err(ExtractError::SourceMalformed("an element of the JSON array is missing"));
        }
        let mut scan = Scan::default();
        scan.take(begins)?;
        element.push(begins);
        loop {
            let available = self.input.fill_buf().map_err(lost)?;
            if available.is_empty() {
                return Err(CUT_OFF);
            }
            let (mut ends, mut kept) = (None, available.len());
            for (index, byte) in available.iter().enumerate() {
                if scan.is_outside() && matches!(byte, b',' | b']') {
                    (ends, kept) = (Some(*byte), index);
                    break;
                }
                scan.take(*byte)?;
            }
            if (element.len() + kept) as u64 > MAX_RECORD_BYTES {
                return Err(ExtractError::SourceMalformed("a record is longer than its bound"));
            }
            element.extend_from_slice(&available[..kept]);
            self.input.consume(kept + usize::from(ends.is_some()));
            if let Some(byte) = ends {
                self.place = if byte == b',' { Place::AfterComma } else { Place::Closed };
                return Ok(true);
            }
        }
    }

    /// Takes the next byte that is no white space; none at the end of the file.
    fn token(&mut self) -> Result<Option<u8>, ExtractError> {
        loop {
            let available = self.input.fill_buf().map_err(lost)?;
            if available.is_empty() {
                return Ok(None);
            }
            let space = available.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count();
            let token = available.get(space).copied();
            self.input.consume(space + usize::from(token.is_some()));
            if token.is_some() {
                return Ok(token);
            }
        }
    }

    fn end(&mut self) -> Result<bool, ExtractError> {
        match self.token()? {
            None => Ok(false),
            Some(_) => Err(ExtractError::SourceMalformed("something follows the JSON array")),
        }
    }
}

const CUT_OFF: ExtractError = ExtractError::SourceMalformed("the JSON array is cut off");

/// Where in an element a byte is.
#[derive(Default)]
struct Scan {
    depth: usize,
    text: bool,
    escaped: bool,
}

impl Scan {
    fn is_outside(&self) -> bool {
        self.depth == 0 && !self.text
    }

    fn take(&mut self, byte: u8) -> Result<(), ExtractError> {
        if self.text {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.text = false,
                _ => {}
            }
            return Ok(());
        }
        match byte {
            b'"' => self.text = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        if self.depth > MAX_DEPTH {
            return Err(ExtractError::SourceMalformed("a record is nested too deep"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    /// Gives a byte at a time, so that every place is once the end of a buffer.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
            out[0] = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    fn elements(text: &[u8]) -> Result<Vec<Json>, ExtractError> {
        let (mut elements, mut element, mut all) = (Elements::new(Slow(text))?, Vec::new(), Vec::new());
        while elements.next(&mut element)? {
            all.push(serde_json::from_slice(&element).map_err(|_| CUT_OFF)?);
        }
        Ok(all)
    }

    // S-COL
    #[test]
    fn what_is_no_array_is_refused_and_what_is_one_is_cut_where_its_elements_end() {
        assert_eq!(elements(b" [ ] \n").unwrap(), Vec::<Json>::new());
        assert_eq!(elements(br#"[{"a":"],\\"},[1,[2]],"\"]",3 ]"#).unwrap().len(), 4);
        for wrong in ["", "{}", "[", "[1", "[1,", "[1,]", "[,1]", "[1] 2", "[\"a]", "[[1]", "[{}}", "[1]]", "nul"] {
            assert!(elements(wrong.as_bytes()).is_err(), "{wrong} was taken");
        }
        let deep = "[".repeat(MAX_DEPTH + 2);
        assert!(matches!(elements(deep.as_bytes()), Err(ExtractError::SourceMalformed("a record is nested too deep"))));
    }

    fn json() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![Just(Json::Null), any::<i64>().prop_map(Json::from), "\\PC*".prop_map(Json::from)];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
                prop::collection::btree_map("\\PC*", inner, 0..4).prop_map(|map| map.into_iter().collect::<Json>()),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        // S-COL
        #[test]
        fn an_array_is_cut_as_a_parser_reads_it(all in prop::collection::vec(json(), 0..5), pretty: bool, junk in prop::collection::vec(any::<u8>(), 0..40)) {
            let text = if pretty { serde_json::to_vec_pretty(&all) } else { serde_json::to_vec(&all) }.unwrap();
            prop_assert_eq!(elements(&text).unwrap(), all);
            // What a parser refuses is not read as a whole array.
            if let Ok(read) = elements(&junk) {
                prop_assert_eq!(serde_json::from_slice::<Vec<Json>>(&junk).unwrap(), read);
            }
        }
    }
}
