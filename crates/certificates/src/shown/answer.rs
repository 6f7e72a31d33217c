//! All that a gateway gives with a kind: the proof, and beside it what makes it believed.

use serde::Deserialize;
use serde_json::Value;

use super::{
    Asked, CodeHashes, FactoryProof, GenesisCodes, Period, ShownBy, ShownProof, VerifiedKind, is_of_genesis, period,
    require,
};
use crate::{stapled::ProvenState, verify::VerificationFailure};

/// The members of an answer that are looked at. What a later version adds is passed over.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownAnswer {
    /// [`ShownProof`].
    #[serde(default)]
    pub proof: Option<Value>,
    /// [`GenesisCodes`], where the genesis has the two contracts.
    #[serde(default)]
    pub genesis: Option<Value>,
    /// [`FactoryProof`], where its factory has made them.
    #[serde(default)]
    pub factory: Option<Value>,
    /// `HeldCertificates` with [`super::period_slot`]: a [`ProvenState`].
    #[serde(default)]
    pub period: Option<Value>,
}

impl ShownAnswer {
    /// Verifies that the kind is shown of the holder now.
    ///
    /// `computed` says which codes this program's contracts have at places of the genesis of the host. Without it, and where they are of another version, those that the genesis
    /// proves count.
    ///
    /// # Errors
    /// The first check that fails, by name: those of [`ShownProof::verify`]; `proof-present`; `shown-period`, where the contracts are known to keep the end of the period.
    pub fn verify(
        &self,
        asked: &Asked<'_>,
        computed: impl FnOnce(ShownBy) -> Option<CodeHashes>,
    ) -> Result<(VerifiedKind, Period), VerificationFailure> {
        let missing = || VerificationFailure::new("proof-present", "the gateway gives no proof of it");
        let proof: ShownProof = read("proof-present", self.proof.as_ref())?.ok_or_else(missing)?;
        let mut keeps_period = false;
        let verified = proof.verify(asked, |by, found| {
            keeps_period = self.check_contracts(asked, (by, found), computed)?;
            Ok(())
        })?;
        let period = match read::<ProvenState>("shown-period", self.period.as_ref())? {
            Some(state) => period::verify(&state, asked, &verified)?,
            None => {
                require("shown-period", !keeps_period, || {
                    "the gateway does not prove that its period is not over".to_owned()
                })?;
                Period::NotProven
            }
        };
        Ok((verified, period))
    }

    /// Whether they are of a version that keeps ends of periods.
    fn check_contracts(
        &self,
        asked: &Asked<'_>,
        (by, found): (ShownBy, CodeHashes),
        computed: impl FnOnce(ShownBy) -> Option<CodeHashes>,
    ) -> Result<bool, VerificationFailure> {
        let unproven =
            |what: &str| VerificationFailure::new("shown-by", format!("{} and {}: {what}", by.held, by.anchor));
        if !is_of_genesis(by) {
            let factory: FactoryProof = read("shown-by", self.factory.as_ref())?
                .ok_or_else(|| unproven("they were made after the genesis, and the gateway does not prove by what"))?;
            return factory.check(asked, by).map(|()| true);
        }
        if computed(by) == Some(found) {
            return Ok(true);
        }
        let genesis: GenesisCodes = read("shown-by", self.genesis.as_ref())?
            .ok_or_else(|| unproven("the gateway does not prove what the genesis has at these addresses"))?;
        require("shown-by", genesis.codes(asked.host, by)? == found, || {
            format!("{} and {} have another code than the genesis has put there", by.held, by.anchor)
        })?;
        Ok(false)
    }
}

fn read<T: serde::de::DeserializeOwned>(
    check: &'static str,
    value: Option<&Value>,
) -> Result<Option<T>, VerificationFailure> {
    let read = value.filter(|value| !value.is_null()).map(T::deserialize).transpose();
    read.map_err(|error| VerificationFailure::new(check, error.to_string()))
}
