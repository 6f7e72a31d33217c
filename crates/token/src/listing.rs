//! What a library shows, for whoever looks for the name of a token.

use std::path::Path;

use chancery_keys::Curve;
use cryptoki::{context::Pkcs11, mechanism::MechanismType};

use crate::{TokenError, library, module, module::printable, token::OPENING_TIMEOUT, worker::Worker};

/// A token that is there and has been set up. What could steer a terminal or turn a line around stands in its texts as U+FFFD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenSummary {
    /// Its label: what `token=` names.
    pub label: String,
    /// Its serial number: what `serial=` names.
    pub serial: String,
    /// Who made it.
    pub manufacturer: String,
    /// Its model.
    pub model: String,
    /// Kinds of keys that it may keep, by the mechanisms that it lists. Whether it knows the very curve shows when a key is made.
    pub curves: Vec<Curve>,
}

/// Lists the tokens that a library shows. Nobody logs in for this.
///
/// # Errors
/// [`TokenError::ModuleNotFound`], [`TokenError::NoAnswer`], and those of a library that fails.
pub fn tokens(library: &Path) -> Result<Vec<TokenSummary>, TokenError> {
    let library = library.to_owned();
    Worker::start(())?.ask(OPENING_TIMEOUT, move |()| {
        let library = library::load(&library)?;
        library.called(|_| list(&library.context))
    })
}

fn list(context: &Pkcs11) -> Result<Vec<TokenSummary>, TokenError> {
    let mut summaries = Vec::new();
    for (slot, info) in module::present(context)? {
        let can = context.get_mechanism_list(slot).unwrap_or_default();
        summaries.push(TokenSummary {
            label: module::label(&info),
            serial: printable(info.serial_number()),
            manufacturer: printable(info.manufacturer_id()),
            model: printable(info.model()),
            curves: kept(&can),
        });
    }
    Ok(summaries)
}

fn kept(can: &[MechanismType]) -> Vec<Curve> {
    let has = |mechanism: MechanismType| can.contains(&mechanism);
    let mut curves = Vec::new();
    if has(MechanismType::ECC_KEY_PAIR_GEN) && has(MechanismType::ECDSA) {
        curves.extend([Curve::Secp256k1, Curve::P256]);
    }
    let edwards = has(MechanismType::ECC_EDWARDS_KEY_PAIR_GEN);
    if edwards && has(MechanismType::EDDSA) {
        curves.push(Curve::Ed25519);
    }
    if (edwards || has(MechanismType::ECC_MONTGOMERY_KEY_PAIR_GEN)) && has(MechanismType::ECDH1_DERIVE) {
        curves.push(Curve::X25519);
    }
    curves
}
