//! Pages on their way to a decoder: what it takes for granted is checked before.

use parquet::{
    basic::Encoding,
    column::page::{Page, PageMetadata, PageReader},
    errors::{ParquetError, Result},
    file::serialized_reader::SerializedPageReader,
};

use super::chunk::BoundedFile;

/// Most values of a page, and of a dictionary.
const MAX_PAGE_VALUES: u32 = 16 * 1024 * 1024;
const MAX_DICTIONARY_VALUES: u32 = 1024 * 1024;

pub(super) struct GuardedPages {
    inner: SerializedPageReader<BoundedFile>,
    dictionary: bool,
}

impl GuardedPages {
    pub(super) const fn new(inner: SerializedPageReader<BoundedFile>) -> Self {
        Self { inner, dictionary: false }
    }

    fn check(&mut self, page: &Page) -> Result<()> {
        match page {
            Page::DictionaryPage { buf, num_values, .. } => {
                // A value takes a byte at least.
                if *num_values > MAX_DICTIONARY_VALUES || *num_values as usize > buf.len() {
                    return Err(wrong("a dictionary has more values than its bound"));
                }
                self.dictionary = true;
                return Ok(());
            }
            Page::DataPageV2 { buf, def_levels_byte_len, rep_levels_byte_len, .. } => {
                let levels = u64::from(*def_levels_byte_len) + u64::from(*rep_levels_byte_len);
                if levels > buf.len() as u64 {
                    return Err(wrong("levels are longer than their page"));
                }
            }
            Page::DataPage { .. } => {}
        }
        if page.num_values() > MAX_PAGE_VALUES {
            return Err(wrong("a page has more values than its bound"));
        }
        match page.encoding() {
            Encoding::PLAIN | Encoding::RLE | Encoding::DELTA_BINARY_PACKED => Ok(()),
            Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY if self.dictionary => Ok(()),
            Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY => Err(wrong("a dictionary is missing")),
            // The others take the number of values that a page claims for true.
            _ => Err(wrong("values are read in plain encoding, or of a dictionary")),
        }
    }
}

impl PageReader for GuardedPages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.inner.get_next_page()?;
        if let Some(page) = &page {
            self.check(page)?;
        }
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.inner.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        Err(ParquetError::NYI("every page is read".to_owned()))
    }
}

impl Iterator for GuardedPages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

fn wrong(what: &str) -> ParquetError {
    ParquetError::General(what.to_owned())
}
