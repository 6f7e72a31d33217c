//! Shared files, as a reader has them (S-RULES, SHARE-9, SHARE-10; `docs/specs/sharing.md`).
//!
//! ```text
//! Reader::ask --> request, on the chain --Reader::wait--> decided --Reader::fetch--> SharedFile: grant, key and file proven by the chain
//!                                                                                     --read, save--> what was published, opened chunk by chunk
//! ```
//!
//! Neither the directory, nor the owner's service, nor a node is believed: they say where something is, and the main chain says what it has to be. Who shares does it with the crate
//! `chancery-sharing` and a key of its own (`chancery share declare`, `extract`, `publish`, `serve`).

mod error;
mod file;

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use alloy_primitives::{Address, B256};
use chancery_certificates::keys::{EncryptionPublicKey, PersonKeys};
use chancery_contracts::predeploys;
use chancery_keys::AccountKey;
use chancery_ledger::{FinalTransaction, SubmitterKey};
use chancery_messages::chain::{LookupError, encryption_key};
use chancery_rest::types::resources::{AccessRequest, GrantedAccess};
use chancery_sharing::{
    asking,
    department::AssetContract,
    directory::RequestState,
    release::{ChainTrust, Grant, receive},
    sealing::ReaderSecret,
    storage::StoreError,
};
use futures::{StreamExt as _, TryStreamExt as _};
use zeroize::Zeroizing;

pub use self::{error::ShareError, file::SharedFile};
use crate::{Client, ClientError, MainChain, Retry, clock::now_s};

/// Longest that the fetch of a file may take.
pub const FETCH_TIMEOUT: Duration = Duration::from_secs(60 * 60);
/// Longest pause between two looks at a request.
const MAX_PAUSE: Duration = Duration::from_secs(5);
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// What somebody asks by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskedBy<'a> {
    /// Listed by the owner, for this purpose. Its keccak256 stands on the chain.
    Purpose(&'a str),
    /// A right of use, for its purpose: its holder need not be listed.
    Right(u64),
}

/// A request for access that is final.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AskedFor {
    /// Its number at the asset.
    pub request: u64,
    /// The contract of the asset.
    pub asset: Address,
    /// For which version.
    pub version: u32,
    /// Where it was right after it was final: pending, or approved.
    pub state: RequestState,
    /// The transaction.
    pub tx_hash: B256,
    /// Its final block.
    pub block_number: u64,
}

/// Somebody who reads what others share: an account that asks and pays, and an X25519 key that opens.
#[derive(Debug)]
pub struct Reader {
    client: Client,
    main: MainChain,
    key: Arc<SubmitterKey>,
    secret: ReaderSecret,
    retry: Retry,
}

impl Reader {
    /// Of the city of this gateway, by its main chain.
    ///
    /// # Errors
    /// [`ShareError::OtherCity`] when the gateway's main chain is another than the one that is trusted; [`ShareError::Client`].
    pub async fn open(
        client: &Client,
        main: MainChain,
        account: impl Into<AccountKey>,
        secret: ReaderSecret,
    ) -> Result<Self, ShareError> {
        let listed = client.main_chain().await?.chain_id;
        let chain_id = main.chain().config().chain_id;
        if listed != chain_id {
            return Err(ShareError::OtherCity { listed, trusted: chain_id });
        }
        let account = account.into();
        let client = client.clone().signing_with(account.clone(), chain_id);
        Ok(Self { client, main, key: Arc::new(SubmitterKey::from(account)), secret, retry: Retry::default() })
    }

    /// The same with the two keys of a person's phrase.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn with_keys(client: &Client, main: MainChain, keys: &PersonKeys) -> Result<Self, ShareError> {
        let secret = Zeroizing::new(keys.encryption_secret().to_bytes());
        Self::open(client, main, keys.account(), ReaderSecret::from_bytes(&secret)?).await
    }

    /// Whose requests they are.
    #[must_use]
    pub fn address(&self) -> Address {
        self.key.address()
    }

    /// The client, which signs as the reader.
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// Asks for a version of a resource, the newest unless given: a transaction of the reader's own. The request is final when this comes back.
    ///
    /// # Errors
    /// [`ShareError`]: [`ShareError::NotListed`] and what else the contract refuses by name. After [`ShareError::Ask`] look for the transaction before it is asked again: there may be a request.
    pub async fn ask(&self, resource: &str, version: Option<u32>, by: AskedBy<'_>) -> Result<AskedFor, ShareError> {
        let found = self.client.resource(resource).await?;
        let newest = found.state.as_ref().and_then(|state| state.versions.first()).map(|version| version.version);
        let version =
            version.or(newest).ok_or_else(|| ShareError::NothingPublished { resource: resource.to_owned() })?;
        let (chain, public) = (self.main.chain(), self.secret.public());
        let contract = self.contract(found.asset.0);
        self.ensure_opens(resource, found.opening.as_deref(), contract.address).await?;
        let asking = match by {
            AskedBy::Purpose(purpose) => {
                asking::ask(chain, &self.key, contract.address, version, &public, purpose).await
            }
            AskedBy::Right(right) => {
                asking::ask_by_right(chain, &self.key, contract.address, version, &public, right).await
            }
        };
        let asked = match asking {
            Ok(asked) => asked,
            Err(failure) => {
                let (address, organization) = (self.address(), &found.organization);
                return Err(error::refusal_of_ask(failure, &contract, address, resource, organization).await);
            }
        };
        let state = contract.request(asked.request).await?.state;
        Ok(AskedFor {
            request: asked.request,
            asset: contract.address,
            version,
            state,
            tx_hash: asked.transaction.tx_hash,
            block_number: asked.transaction.block.number,
        })
    }

    /// Waits until a request is decided for: then its owner's service hands out what was asked for.
    ///
    /// # Errors
    /// [`ShareError::Closed`] when it is refused or has ended, [`ShareError::Undecided`] after so much time; [`ShareError::Client`].
    pub async fn wait(&self, resource: &str, request: u64, patience: Duration) -> Result<AccessRequest, ShareError> {
        let (begun, mut pause) = (Instant::now(), FIRST_PAUSE);
        loop {
            let found = self.retry.run(|| self.client.access_request(resource, request)).await?;
            let is = |state: RequestState| found.state == state.name();
            if is(RequestState::Approved) || is(RequestState::Granted) {
                return Ok(found);
            }
            let resource = resource.to_owned();
            if !is(RequestState::Pending) {
                return Err(ShareError::Closed { resource, request, state: error::printable(&found.state) });
            }
            if begun.elapsed() + pause > patience {
                return Err(ShareError::Undecided { resource, request });
            }
            tokio::time::sleep(pause).await;
            pause = (2 * pause).min(MAX_PAUSE);
        }
    }

    /// Fetches what was granted from its owner's service, waiting until the grant is final, and proves it: the grant is the final one, the sealed key the granted one, the file the published one.
    ///
    /// Memory does not grow with the file: sealed it lies in a folder of its own below `folder` as long as the [`SharedFile`] is there.
    ///
    /// # Errors
    /// [`ShareError::NoService`], [`ShareError::Release`], [`ShareError::Client`], [`ShareError::Folder`]. Nothing is kept then.
    pub async fn fetch(&self, resource: &str, request: u64, folder: &Path) -> Result<SharedFile, ShareError> {
        let asked = self.retry.run(|| self.client.access_request(resource, request)).await?;
        let owner = self.service_of(&asked)?;
        let asset = asked.asset.0;
        let granted = self.retry.run(|| owner.granted_access(asset, request)).await?;
        let stream = owner.with_timeout(FETCH_TIMEOUT).granted_file(asset, request).await?;
        let stream = stream.map_err(|error: ClientError| StoreError::Temporary(error.to_string())).boxed();
        let scratch = file::scratch_in(folder)?;
        let sealed = file::sealed_in(&scratch);
        // Neither the owner's word nor the gateway's counts from here on: the grant and the version are proven by the chain.
        let (terms, sealed_key) = (terms(&granted), &granted.sealed_key.0[..]);
        let trust = ChainTrust::default();
        let receiving = receive(
            self.main.chain(),
            &trust,
            asset,
            request,
            &terms,
            &self.secret,
            (sealed_key, stream),
            &sealed,
            now_s(),
        );
        let received = Box::pin(receiving).await?;
        Ok(SharedFile::new(scratch, received, terms.version))
    }

    /// Ends a request or its grant: nothing is handed out on it any more, and its place is free. `asset` is the one that the directory names, unless given.
    ///
    /// # Errors
    /// [`ShareError::NotReader`], [`ShareError::Closed`] when it has ended already, [`ShareError::Client`], [`ShareError::Department`].
    pub async fn end(
        &self,
        resource: &str,
        request: u64,
        asset: Option<Address>,
    ) -> Result<(Address, FinalTransaction), ShareError> {
        let asset = match asset {
            Some(asset) => asset,
            None => self.client.resource(resource).await?.asset.0,
        };
        let contract = self.contract(asset);
        match asking::end(&contract, &self.key, request).await {
            Ok(ended) => Ok((asset, ended)),
            Err(failure) => Err(error::refusal_of_end(failure, &contract, self.address(), resource, request).await),
        }
    }

    /// The requests of this reader that are open, newest first: pending, approved or granted.
    ///
    /// # Errors
    /// [`ShareError::Department`].
    pub async fn open_requests(&self, asset: Address) -> Result<Vec<u64>, ShareError> {
        Ok(asking::open_requests(&self.contract(asset), self.address()).await?)
    }

    /// An entry that is not for everybody stands on the chain as a word; what the gateway shows of it has to open that (S-DIR).
    async fn ensure_opens(&self, resource: &str, opening: Option<&str>, asset: Address) -> Result<(), ShareError> {
        let Some(opening) = opening else { return Ok(()) };
        let directory = self.contract(predeploys::RESOURCE_DIRECTORY);
        if asking::is_opening_of(&directory, resource, opening, asset).await? {
            Ok(())
        } else {
            Err(ShareError::OtherEntry { resource: resource.to_owned() })
        }
    }

    fn contract(&self, address: Address) -> AssetContract {
        AssetContract { chain: self.main.chain().clone(), address }
    }

    /// The owner's service, signing as on the main chain.
    fn service_of(&self, asked: &AccessRequest) -> Result<Client, ShareError> {
        let service = asked.service.as_ref();
        let service = service.ok_or_else(|| ShareError::NoService { resource: asked.resource.clone() })?;
        Ok(self.client.at(service)?)
    }
}

impl MainChain {
    /// The last encryption key in force that an address has published, proven: what is to be opened by it is sealed to this.
    ///
    /// # Errors
    /// [`LookupError`].
    pub async fn encryption_key(&self, address: Address) -> Result<EncryptionPublicKey, LookupError> {
        Ok(encryption_key(self.chain(), address, now_s()).await?.key)
    }
}

fn terms(granted: &GrantedAccess) -> Grant {
    let grant = &granted.grant;
    Grant {
        reader: grant.reader.0,
        reader_key: grant.reader_key.0,
        version: grant.version,
        key_epoch: grant.key_epoch,
        sealed_key_hash: grant.sealed_key_hash.0,
        valid_until: grant.valid_until,
    }
}
