//! Formats in a folder: one file a format, replaced as a whole.

use std::{
    fs,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use chancery_reference_points::{DoorError, DoorResult, data_format::DataFormat};

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
        fs::create_dir_all(&self.0).map_err(DoorError::internal)?;
        // Identifiers hold no dots and no backslashes; the slash is the only character that a file name cannot have.
        let path = self.0.join(format!("{}.json", format.id.0.replace('/', "+")));
        let beside = path.with_extension("new");
        let mut file = fs::File::create(&beside).map_err(DoorError::internal)?;
        file.write_all(&serde_json::to_vec_pretty(format).map_err(DoorError::internal)?)
            .map_err(DoorError::internal)?;
        file.sync_all().map_err(DoorError::internal)?;
        fs::rename(&beside, &path).map_err(DoorError::internal)?;
        // The new name is durable only when its folder is.
        fs::File::open(&self.0).and_then(|folder| folder.sync_all()).map_err(DoorError::internal)
    }
}
