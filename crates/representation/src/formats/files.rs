//! Formats in a folder: one file a format, replaced as a whole.

use std::{
    fs,
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

use chancery_reference_points::{Code, DoorError, DoorResult, data_format::DataFormat};

use super::FormatStore;

/// A folder of formats.
#[derive(Clone, Debug)]
pub struct FormatFiles(PathBuf);

impl FormatFiles {
    /// The folder; made when the first format is kept.
    #[must_use]
    pub fn new(directory: &Path) -> Self {
        Self(directory.to_path_buf())
    }
}

impl FormatStore for FormatFiles {
    fn load(&self) -> DoorResult<Vec<DataFormat>> {
        let entries = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(DoorError::internal)?,
        };
        let mut formats = Vec::new();
        for entry in entries {
            let path = entry.map_err(DoorError::internal)?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let text = fs::read(&path).map_err(DoorError::internal)?;
                formats.push(serde_json::from_slice(&text).map_err(DoorError::internal)?);
            }
        }
        Ok(formats)
    }

    fn put(&self, format: &DataFormat) -> DoorResult<()> {
        let text = serde_json::to_vec_pretty(format).map_err(DoorError::internal)?;
        self.write(format, &text).map_err(|error| {
            tracing::error!(%error, folder = %self.0.display(), "a format cannot be kept");
            DoorError::new(Code::JournalUnavailable, "the format cannot be kept at present").caused_by(error)
        })
    }
}

impl FormatFiles {
    /// As it was or as it is, and never in part: a disk that is full, or a loss of power, leaves the one that was there.
    fn write(&self, format: &DataFormat, text: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.0)?;
        // Identifiers hold no dots and no backslashes; the slash is the only character that a file name cannot have.
        let path = self.0.join(format!("{}.json", format.id.0.replace('/', "+")));
        let beside = path.with_extension("new");
        let mut file = fs::File::create(&beside)?;
        file.write_all(text)?;
        file.sync_all()?;
        fs::rename(&beside, &path)?;
        // The new name is durable only when its folder is.
        fs::File::open(&self.0)?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;
    use crate::formats::tests::format;

    // M-CON-2: what cannot be kept is told to be tried again, and what was there stays.
    #[test]
    fn a_format_that_cannot_be_kept_leaves_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let files = FormatFiles::new(&folder.path().join("formats"));
        let format = |version| format("reading/weather", version, json!({"type": "object"}));
        files.put(&format(1)).unwrap();
        // Where the new one is to be written something else stands, as a disk without room would have it.
        let beside = folder.path().join("formats/reading+weather.new");
        fs::create_dir(&beside).unwrap();
        let refused = files.put(&format(2)).unwrap_err();
        assert_eq!(refused.code(), Code::JournalUnavailable);
        assert_eq!(files.load().unwrap(), [format(1)]);
        fs::remove_dir(&beside).unwrap();
        files.put(&format(2)).unwrap();
        assert_eq!(files.load().unwrap(), [format(2)]);
    }
}
