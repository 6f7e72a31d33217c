//! The file as the column readers see it: no page that claims to be larger than its bound.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom, Take},
};

use bytes::Bytes;
use parquet::{
    errors::ParquetError,
    file::reader::{ChunkReader, Length},
};

use super::header::{MAX_PAGE_BYTES, check_header};

/// Longest header of a page: it may hold the least and the greatest value.
const MAX_HEADER_BYTES: u64 = 8 * 1024 * 1024;

pub(super) struct BoundedFile {
    file: File,
    length: u64,
}

impl BoundedFile {
    pub(super) fn new(file: File) -> io::Result<Self> {
        let length = file.metadata()?.len();
        Ok(Self { file, length })
    }

    pub(super) const fn length(&self) -> u64 {
        self.length
    }

    fn at(&self, start: u64) -> io::Result<BufReader<File>> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(start))?;
        Ok(BufReader::new(file))
    }
}

impl Length for BoundedFile {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for BoundedFile {
    type T = Take<BufReader<File>>;

    /// Asked for where a header begins, and for nothing else.
    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        check_header(&mut self.at(start)?.take(MAX_HEADER_BYTES))?;
        Ok(self.at(start)?.take(MAX_HEADER_BYTES))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let bounded = u64::try_from(length).is_ok_and(|length| length <= MAX_PAGE_BYTES.unsigned_abs());
        if !bounded || start.checked_add(length as u64).is_none_or(|end| end > self.length) {
            return Err(ParquetError::EOF("a page is beyond its bounds".to_owned()));
        }
        let mut bytes = vec![0; length];
        self.at(start)?.read_exact(&mut bytes)?;
        Ok(bytes.into())
    }
}
