//! Whose keys a city has: those that everybody knows, or its own (`docs/specs/founding.md`).

use std::{fs, io::Write as _, path::Path, sync::Arc};

use anyhow::{Context as _, Error, Result, anyhow, bail};
use chancery_certificates::roles::ConfiguredRoles;
use chancery_data::{Algorithm, Signer};
use chancery_execution::GenesisConfig;
use chancery_ledger::SubmitterKey;

use super::{
    genesis::ensure_founded_with,
    layout::{CityChain, DataDir, MAIN, SIDE},
    secrets::load_or_create_private_key,
};
use crate::{
    founding::{CitySection, FoundingFile, chain_ids},
    keys::{self, development, development_key},
    network::config::load_genesis,
};

/// How a city was founded, or is to be.
#[derive(Debug)]
pub(crate) enum Founded {
    /// With the public keys (docs/decisions/0006).
    Development,
    /// By a file.
    Own(Box<FoundingFile>),
}

impl Founded {
    /// Of a city that starts: by the file that was told, or by that which it keeps; a new one without either is a development city.
    ///
    /// # Errors
    /// A file that cannot be used, one that is not of this city, and one whose chains others run.
    pub(crate) fn at_start(data: &DataDir, told: Option<&Path>) -> Result<Self> {
        let existing = existing_main(data)?.map(|main| main.chain_id);
        let kept = data.founding();
        let file = match told {
            Some(path) => Some(FoundingFile::read(path)?),
            None if kept.exists() => Some(FoundingFile::read(&kept)?),
            None => None,
        };
        match (file, existing) {
            (Some(_), Some(chain_ids::DEVELOPMENT)) => bail!(
                "the city in {} is a development city, whose genesis gives authority to public keys: found one with keys of its own in another --data-dir",
                data.path().display()
            ),
            (Some(file), _) if file.names_chains() => bail!(
                "the founding file names chains that organizations run on their own machines: run their nodes (`chancery node`), and the city over them (`chancery gateway`)"
            ),
            (Some(file), _) => Self::by(file),
            (None, Some(id)) if id != chain_ids::DEVELOPMENT => Err(missing(data)),
            (None, _) => Ok(Self::Development),
        }
    }

    /// By a file that says where the city's key is.
    ///
    /// # Errors
    /// When it does not.
    pub(super) fn by(file: FoundingFile) -> Result<Self> {
        file.submitter_key()?;
        Ok(Self::Own(Box::new(file)))
    }

    /// Of a city that was started before.
    ///
    /// # Errors
    /// When there is none, or the file by which it was founded is missing.
    pub(super) fn of_existing(data: &DataDir) -> Result<Self> {
        let main = existing_main(data)?.with_context(|| format!("{} holds no city", data.path().display()))?;
        if main.chain_id == chain_ids::DEVELOPMENT {
            return Ok(Self::Development);
        }
        if !data.founding().exists() {
            return Err(missing(data));
        }
        let file = FoundingFile::read(&data.founding())?;
        ensure_founded_with(data, &[(MAIN, main)], &file)?;
        Ok(Self::Own(Box::new(file)))
    }

    /// Checks that genesis files are those of its file, if it has one.
    ///
    /// # Errors
    /// When they give other authorities, have other ids, or other validators.
    pub(super) fn ensure_founded_as(&self, data: &DataDir, all: &[(CityChain, GenesisConfig)]) -> Result<()> {
        match self {
            Self::Development => Ok(()),
            Self::Own(file) => ensure_founded_with(data, all, file),
        }
    }

    /// Whether everybody knows its keys.
    pub(super) const fn is_development(&self) -> bool {
        matches!(self, Self::Development)
    }

    /// EIP-155 id of the main chain; the side chains have the next ones.
    pub(super) fn main_chain_id(&self) -> u64 {
        match self {
            Self::Development => chain_ids::DEVELOPMENT,
            Self::Own(file) => file.main_chain_id(),
        }
    }

    /// The side chains of the city.
    pub(super) fn sides(&self) -> Vec<CityChain> {
        match self {
            Self::Development => SIDE.into(),
            Self::Own(file) => file.sides(),
        }
    }

    /// Who has a role by configuration: the gateway resolves roles by it, and processing believes nobody else.
    pub(super) fn roles(&self) -> Result<ConfiguredRoles> {
        match self {
            Self::Development => {
                // Two, since some changes need a second one.
                let operators = [development::OPERATOR, development::SECOND_OPERATOR];
                let operators = operators.into_iter().map(|account| Ok(development_key(account)?.address()));
                Ok(ConfiguredRoles {
                    operators: operators.collect::<Result<_>>()?,
                    supervisors: [development_key(development::SUPERVISOR)?.address()].into(),
                })
            }
            Self::Own(file) => Ok(ConfiguredRoles { operators: file.people(), supervisors: file.supervisors() }),
        }
    }

    /// The key that the city sends its transactions with: a random one of a development city, which is made at its first start.
    pub(super) fn submitter(&self, data: &DataDir) -> Result<Arc<SubmitterKey>> {
        match self {
            Self::Development => {
                let key = load_or_create_private_key(&data.secrets().join("gateway.key"))?;
                Ok(Arc::new(SubmitterKey::from_bytes(&key)?))
            }
            Self::Own(file) => {
                let account = keys::account_in_file(file.submitter_key()?).context("submitter_key")?;
                file.ensure_city_account(account.address())?;
                Ok(Arc::new(account.into()))
            }
        }
    }

    /// The key that signs receipts: the one that its file names, or the city's own, which is made at its first start. It waits for a token.
    pub(super) fn receipts_key(&self, data: &DataDir) -> Result<Signer> {
        if let Some(place) = self.city().and_then(CitySection::receipts_key) {
            return keys::source_in_file(place).context("receipts_key");
        }
        let key = load_or_create_private_key(&data.secrets().join("receipts.key"))?;
        Ok(Signer::from_bytes(Algorithm::EdDsa, &key)?)
    }

    /// The key with which the relay pays, in the same way.
    pub(super) fn relay_key(&self, data: &DataDir) -> Result<Arc<SubmitterKey>> {
        if let Some(place) = self.city().and_then(CitySection::relay_key) {
            return Ok(Arc::new(keys::account_in_file(place).context("relay_key")?.into()));
        }
        let key = load_or_create_private_key(&data.secrets().join("relay.key"))?;
        Ok(Arc::new(SubmitterKey::from_bytes(&key)?))
    }

    /// Looks whether the keys are there that its file names: before anything is made for a city that could not start.
    pub(super) fn ensure_keys(&self, data: &DataDir) -> Result<()> {
        if self.city().is_some() {
            self.submitter(data)?;
        }
        if self.city().is_some_and(|city| city.receipts_key().is_some()) {
            self.receipts_key(data)?;
        }
        if self.city().is_some_and(|city| city.relay_key().is_some()) {
            self.relay_key(data)?;
        }
        Ok(())
    }

    fn city(&self) -> Option<&CitySection> {
        match self {
            Self::Development => None,
            Self::Own(file) => file.city(),
        }
    }

    /// Keeps the file with the city, for its other processes and its next start. It is whole or not there.
    pub(super) fn keep(&self, data: &DataDir) -> Result<()> {
        let Self::Own(file) = self else { return Ok(()) };
        let path = data.founding();
        let beside = path.with_extension("new");
        let write = || -> Result<()> {
            let mut new = fs::File::create(&beside)?;
            new.write_all(toml::to_string(file.as_ref())?.as_bytes())?;
            new.sync_all()?;
            Ok(fs::rename(&beside, &path)?)
        };
        write().with_context(|| format!("cannot write {}", path.display()))
    }
}

/// EIP-155 id of the main chain of a city that may be there, as its genesis says.
pub(crate) fn main_chain_id(data: &DataDir) -> Result<u64> {
    Ok(existing_main(data)?.map_or(chain_ids::DEVELOPMENT, |main| main.chain_id))
}

fn existing_main(data: &DataDir) -> Result<Option<GenesisConfig>> {
    let path = data.genesis_of(MAIN);
    if !path.try_exists().with_context(|| format!("cannot read {}", path.display()))? {
        return Ok(None);
    }
    Ok(Some(load_genesis(&path)?))
}

fn missing(data: &DataDir) -> Error {
    anyhow!(
        "the city in {} was founded with keys of its own, and {} is missing: give the file by which it was founded (`chancery up --founding FILE`)",
        data.path().display(),
        data.founding().display()
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::{city::genesis::load_or_found, founding::Founding, keys::save};
    use chancery_certificates::keys::PersonKeys;

    fn founding_file(folder: &Path, submitter: &str) -> std::path::PathBuf {
        let path = folder.join("told.toml");
        let text = format!(
            r#"
chain_id = 3377699720527999
timestamp = 1700000000
administrator = "0x0101010101010101010101010101010101010101"
operators = ["{submitter}", "0x0303030303030303030303030303030303030303"]
submitters = ["{submitter}"]
contract_operators = ["0x0303030303030303030303030303030303030303", "0x0404040404040404040404040404040404040404"]
[city]
submitter_key = "submitter.key"
supervisors = ["0x0505050505050505050505050505050505050505"]
"#
        );
        fs::write(&path, text).unwrap();
        path
    }

    fn validators() -> Vec<chancery_execution::ValidatorConfig> {
        vec![chancery_chain::ValidatorKeys::from_seed(1).public("city 1")]
    }

    // FOUND-6, decision 0056
    #[test]
    fn a_city_with_keys_of_its_own_never_falls_back_to_public_ones() {
        let folder = tempfile::tempdir().unwrap();
        let key = save(&folder.path().join("submitter.key"), &PersonKeys::new_phrase().unwrap()).unwrap();
        let told = founding_file(folder.path(), &key.address().to_string());
        let data = DataDir::new(&folder.path().join("city"));
        fs::create_dir_all(data.path()).unwrap();
        assert!(Founded::at_start(&data, None).unwrap().is_development(), "nothing says otherwise");

        let founded = Founded::at_start(&data, Some(&told)).unwrap();
        assert_eq!(founded.submitter(&data).unwrap().address(), key.address());
        founded.keep(&data).unwrap();
        let Founded::Own(file) = &founded else { panic!("a development city") };
        load_or_found(&data, || file.founding(validators())).unwrap();
        for again in [Founded::at_start(&data, None).unwrap(), Founded::of_existing(&data).unwrap()] {
            assert!(!again.is_development());
            assert_eq!(again.main_chain_id(), 3_377_699_720_527_999);
            assert_eq!(again.roles().unwrap(), founded.roles().unwrap());
            assert_eq!(again.submitter(&data).unwrap().address(), key.address(), "wherever the kept file stands");
        }
        assert_eq!(main_chain_id(&data).unwrap(), 3_377_699_720_527_999);
        assert_eq!(founded.roles().unwrap().operators.len(), 2);

        fs::remove_file(data.founding()).unwrap();
        for refused in [Founded::at_start(&data, None), Founded::of_existing(&data)] {
            assert!(refused.unwrap_err().to_string().contains("founded with keys of its own"));
        }
    }

    // FOUND-6, bad input
    #[test]
    fn a_key_without_authority_and_a_development_city_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::new(&folder.path().join("city"));
        fs::create_dir_all(data.path()).unwrap();
        save(&folder.path().join("submitter.key"), &PersonKeys::new_phrase().unwrap()).unwrap();
        let told = founding_file(folder.path(), "0x0202020202020202020202020202020202020202");
        let refused =
            Founded::at_start(&data, Some(&told)).unwrap().submitter(&data).map(drop).unwrap_err().to_string();
        assert!(refused.contains("none of operators"), "{refused}");

        load_or_found(&data, || Founding::development(validators(), 1_700_000_000)).unwrap();
        let refused = Founded::at_start(&data, Some(&told)).unwrap_err().to_string();
        assert!(refused.contains("is a development city"), "{refused}");
        assert!(Founded::at_start(&data, None).unwrap().is_development());
    }
}
