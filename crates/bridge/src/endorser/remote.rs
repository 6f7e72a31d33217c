use async_trait::async_trait;
use url::Url;

use super::{AttestQuery, AttestRefusal, Attestation, Attester, EndorseQuery, EndorseRefusal, Endorser};
use crate::{
    alliance::message::{Endorsement, Part, Request},
    http::JsonClient,
};

/// An endorser that is asked over HTTP.
#[derive(Clone, Debug)]
pub struct RemoteEndorser {
    client: JsonClient,
    url: Url,
}

impl RemoteEndorser {
    /// `url` with its path: the service of an endorser answers at [`super::PATH`].
    #[must_use]
    pub const fn new(client: JsonClient, url: Url) -> Self {
        Self { client, url }
    }
}

#[async_trait]
impl Endorser for RemoteEndorser {
    async fn endorse(&self, request: &Request, part: &Part) -> Result<Endorsement, EndorseRefusal> {
        let query = EndorseQuery { request: request.clone(), part: part.clone() };
        match self.client.post(self.url.clone(), &query).await {
            Ok(answer) => answer,
            Err(error) => Err(error.into()),
        }
    }
}

/// An endorser of a foreign member that is asked over HTTP.
#[derive(Clone, Debug)]
pub struct RemoteAttester {
    client: JsonClient,
    url: Url,
}

impl RemoteAttester {
    /// `url` with its path: the service of an endorser answers at [`super::ATTEST_PATH`].
    #[must_use]
    pub const fn new(client: JsonClient, url: Url) -> Self {
        Self { client, url }
    }
}

#[async_trait]
impl Attester for RemoteAttester {
    async fn attest(&self, query: &AttestQuery) -> Result<Attestation, AttestRefusal> {
        match self.client.post(self.url.clone(), query).await {
            Ok(answer) => answer,
            Err(error) => Err(error.into()),
        }
    }
}
