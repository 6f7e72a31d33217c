//! What of a sealed format leaves this process is sealed (DATA-11): checked against the format's schema and sealed here, or sealed before.

use anyhow::{Context as _, Result, bail, ensure};
use chancery_certificates::keys::EncryptionPublicKey;
use chancery_client::Client;
use chancery_data::{
    Operation, SourceId,
    operation::MAX_OPERATION_BYTES,
    sealed::{self, Context},
};
use chancery_messages::{chain, contents};
use chancery_reference_points::data_format::FormatId;
use chancery_representation::ContentSchema;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::{
    arguments::{SealTo, Submit, TrustedMain},
    party::CityFacts,
    share::{main_chain_of, now_s},
};

/// What becomes of contents on their way out.
pub(super) enum Sealing {
    /// The format is not sealed.
    Open,
    /// It is, and the contents have been sealed by somebody else.
    SealedBefore,
    /// It is, and the contents are sealed here.
    Here(Box<ToReaders>),
}

/// To whom, and what is checked before.
pub(super) struct ToReaders {
    schema: ContentSchema,
    context: Context,
    keys: Vec<EncryptionPublicKey>,
}

impl Sealing {
    /// By the format in force, as the gateway has it.
    pub(super) async fn of(command: &Submit, source: SourceId, client: &Client, city: &CityFacts) -> Result<Self> {
        let format = client.format(&command.format).await?;
        if !format.sealed {
            ensure!(command.seal_to.is_empty(), "{} is not sealed: its content is submitted in clear", format.format);
            return Ok(Self::Open);
        }
        if command.seal_to.is_empty() {
            return Ok(Self::SealedBefore);
        }
        ensure!(
            format.version == command.format_version,
            "version {} of {} is in force, not {}",
            format.version,
            format.format,
            command.format_version
        );
        let context = Context {
            chain_id: city.main_chain_id()?,
            source: format!("{source:#x}"),
            format_version: format.version,
            format: format.format.clone(),
        };
        let schema = ContentSchema::compile(&FormatId(format.format), &format.schema)?;
        let keys = Box::pin(keys(command, city)).await?;
        Ok(Self::Here(Box::new(ToReaders { schema, context, keys })))
    }

    /// That nothing in clear leaves, and that what is sealed was right.
    pub(super) fn check(&self, operation: &Operation<'_>) -> Result<()> {
        match self {
            Self::Open => Ok(()),
            Self::SealedBefore => {
                ensure!(!sealed::is_in_clear(operation), "the format is sealed: name who may read it, with --seal-to");
                Ok(())
            }
            Self::Here(readers) => readers.check(operation),
        }
    }

    /// The operation as it is signed.
    pub(super) fn seal(&self, text: String) -> Result<String> {
        match self {
            Self::Open | Self::SealedBefore => Ok(text),
            Self::Here(readers) => readers.seal(&Zeroizing::new(text)),
        }
    }
}

impl ToReaders {
    fn check(&self, operation: &Operation<'_>) -> Result<()> {
        ensure!(operation.description.is_none(), "a description stands in clear: put it into the content");
        let Some(content) = operation.content else { return Ok(()) };
        let content = serde_json::from_str(content.get()).context("the content is nested too deep")?;
        // Which rules are broken, and where: nothing of the content.
        self.schema.check(&content).map_err(|error| {
            let violations = error.members().get("violations").map(ToString::to_string).unwrap_or_default();
            anyhow::anyhow!("{error}: {violations}")
        })
    }

    fn seal(&self, text: &str) -> Result<String> {
        let operation = Operation::parse(text.as_bytes())?;
        // Data that stay at their owner show their hash alone.
        let Some(content) = operation.content else { return Ok(text.to_owned()) };
        let content = RawValue::from_string(contents::seal(content.get().as_bytes(), &self.context, &self.keys)?)?;
        let sealed = serde_json::to_string(&Operation { content: Some(content.as_ref()), ..operation })?;
        ensure!(
            sealed.len() <= MAX_OPERATION_BYTES,
            "sealed, it is longer than {MAX_OPERATION_BYTES} bytes: send less"
        );
        Ok(sealed)
    }
}

/// The keys that are sealed to. Of an address, the one that the main chain shows, whatever a gateway or a node says.
async fn keys(command: &Submit, city: &CityFacts) -> Result<Vec<EncryptionPublicKey>> {
    let mut keys = Vec::with_capacity(command.seal_to.len());
    let mut main = None;
    for to in &command.seal_to {
        keys.push(match to {
            SealTo::Key(key) => EncryptionPublicKey(key.0),
            SealTo::Address(address) => {
                let Some(genesis) = &command.genesis else {
                    bail!("--seal-to {address} needs --genesis: the key of an address is proven by the main chain");
                };
                if main.is_none() {
                    let trusted = TrustedMain { genesis: genesis.clone(), rpc: command.rpc.clone() };
                    main = Some(main_chain_of(&trusted, city).await?);
                }
                let main = main.as_ref().context("the main chain is not known")?;
                chain::encryption_key(main, *address, now_s()).await?.key
            }
        });
    }
    Ok(keys)
}
