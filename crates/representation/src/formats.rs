//! The data formats in force: compiled once, versioned, kept over restarts.

mod clear;
mod content;
mod differences;
mod files;
mod submitted;

use std::{collections::BTreeMap, sync::Arc};

use chancery_data::rules::MetadataRules;
use chancery_reference_points::{
    Code, DoorError, DoorResult,
    data_format::{DataFormat, FormatId, FormatReading, FormatReadings},
};
use parking_lot::RwLock;
use serde_json::Value;

pub(crate) use clear::InClear;
pub use content::ContentSchema;
pub use files::FormatFiles;

/// Most formats.
pub const MAX_FORMATS: usize = 1000;

/// Keeps configured formats. The main chain keeps their hashes.
pub trait FormatStore: Send + Sync {
    /// All formats, newest version of each.
    ///
    /// # Errors
    /// `Internal` when what is kept cannot be read.
    fn load(&self) -> DoorResult<Vec<DataFormat>>;

    /// Keeps a new version. Durable when it returns.
    ///
    /// # Errors
    /// `Internal` when it cannot be written.
    fn put(&self, format: &DataFormat) -> DoorResult<()>;
}

struct Compiled {
    format: DataFormat,
    content: ContentSchema,
    rules: MetadataRules,
}

impl Compiled {
    fn new(format: DataFormat) -> DoorResult<Self> {
        let content = ContentSchema::compile(&format.id, &format.schema)?;
        let rules = MetadataRules::of_schema(&format.schema)
            .map_err(|problem| DoorError::new(Code::ConfigurationInvalid, problem))?;
        Ok(Self { format, content, rules })
    }

    /// Checks plain content.
    fn validate(&self, content: &Value) -> DoorResult<()> {
        self.content.check(content)
    }
}

/// The formats in force.
pub(crate) struct Formats {
    known: RwLock<BTreeMap<FormatId, Arc<Compiled>>>,
    /// Of what is known: changed with it.
    readings: RwLock<Arc<FormatReadings>>,
    store: Arc<dyn FormatStore>,
}

impl Formats {
    /// The applications' formats, replaced by newer versions that an operator has configured.
    pub(crate) fn open(applications: Vec<DataFormat>, store: Arc<dyn FormatStore>) -> DoorResult<Self> {
        let mut known = BTreeMap::new();
        for format in applications.into_iter().chain(store.load()?) {
            let newer = known.get(&format.id).is_none_or(|old: &Arc<Compiled>| old.format.version < format.version);
            if newer {
                known.insert(format.id.clone(), Arc::new(Compiled::new(format)?));
            }
        }
        let readings = RwLock::new(Arc::new(readings(&known)));
        Ok(Self { known: RwLock::new(known), readings, store })
    }

    pub(crate) fn all(&self) -> Vec<DataFormat> {
        self.known.read().values().map(|compiled| compiled.format.clone()).collect()
    }

    /// What the formats in force say of who reads their data.
    pub(crate) fn readings(&self) -> Arc<FormatReadings> {
        Arc::clone(&self.readings.read())
    }

    fn compiled(&self, id: &FormatId) -> DoorResult<Arc<Compiled>> {
        let found = self.known.read().get(id).cloned();
        found.ok_or_else(|| DoorError::new(Code::UnknownFormat, "there is no such data format"))
    }

    pub(crate) fn get(&self, id: &FormatId) -> DoorResult<DataFormat> {
        Ok(self.compiled(id)?.format.clone())
    }

    /// Checks plain content against the format's schema.
    pub(crate) fn validate(&self, id: &FormatId, content: &Value) -> DoorResult<()> {
        self.compiled(id)?.validate(content)
    }

    /// What configuring a format would change, in words; an error if it cannot be.
    pub(crate) fn check(&self, format: &DataFormat) -> DoorResult<Vec<String>> {
        format.id.to_bytes32()?;
        Compiled::new(format.clone())?;
        let (_, hash) = format.canonical_schema()?;
        if hash != format.schema_hash {
            return Err(DoorError::new(
                Code::ConfigurationInvalid,
                format!("the schema's hash is {hash}, not {}", format.schema_hash),
            ));
        }
        let known = self.known.read();
        let Some(old) = known.get(&format.id) else {
            if known.len() >= MAX_FORMATS {
                return Err(DoorError::new(
                    Code::ConfigurationInvalid,
                    format!("there are {MAX_FORMATS} formats, no more are possible"),
                ));
            }
            let mut effects = vec![format!("format {}: new, version 1", format.id.0)];
            effects.extend(submitted::sealing_differences(false, format.sealed));
            return expect_version(format, 1).map(|()| effects);
        };
        if old.format == *format {
            return Ok(Vec::new());
        }
        expect_version(format, old.format.version + 1)?;
        if old.format.chain != format.chain {
            return Err(DoorError::new(
                Code::ConfigurationInvalid,
                format!("data of this format are recorded on chain {}: a format cannot move", old.format.chain),
            ));
        }
        let mut effects =
            vec![format!("format {}: version {} replaces {}", format.id.0, format.version, old.format.version)];
        effects.extend(submitted::sealing_differences(old.format.sealed, format.sealed));
        effects.extend(differences::differences(&old.format.schema, &format.schema));
        Ok(effects)
    }

    /// Whether a format in force, of which there may be data in clear, would begin to be sealed.
    pub(crate) fn begins_to_be_sealed(&self, format: &DataFormat) -> bool {
        format.sealed && self.known.read().get(&format.id).is_some_and(|known| !known.format.sealed)
    }

    /// Puts a format in force; it has been checked.
    pub(crate) fn apply(&self, format: &DataFormat) -> DoorResult<()> {
        let compiled = Compiled::new(format.clone())?;
        self.store.put(format)?;
        let mut known = self.known.write();
        known.insert(format.id.clone(), Arc::new(compiled));
        *self.readings.write() = Arc::new(readings(&known));
        Ok(())
    }
}

fn readings(known: &BTreeMap<FormatId, Arc<Compiled>>) -> FormatReadings {
    let reading = |compiled: &Compiled| FormatReading {
        sealed: compiled.format.sealed,
        readers: compiled.rules.readers.clone().unwrap_or_default(),
    };
    let all = known.iter().map(|(id, compiled)| (id.0.clone(), reading(compiled)));
    all.filter(|(_, reading)| *reading != FormatReading::default()).collect()
}

fn expect_version(format: &DataFormat, expected: u32) -> DoorResult<()> {
    if format.version == expected {
        return Ok(());
    }
    Err(DoorError::new(
        Code::ConfigurationInvalid,
        format!("the next version of {} is {expected}, not {}", format.id.0, format.version),
    )
    .with("expected", expected))
}

#[cfg(test)]
pub(crate) mod tests;
