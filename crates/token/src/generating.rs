//! A new pair, made in the token (TOKEN-1).

use chancery_keys::Curve;
use cryptoki::{
    mechanism::{Mechanism, MechanismType},
    object::Attribute,
};

use crate::{
    KeyUri, TokenError, curves, finding,
    session::{Connection, Open},
};

/// Length of the identifier that the keys of one name share.
const ID_BYTES: usize = 20;

impl Connection {
    /// As [`crate::Token::generate`].
    pub(crate) fn generate(
        &mut self,
        needed: &[Curve],
        wanted: &[Curve],
    ) -> Result<Vec<(Curve, TokenError)>, TokenError> {
        let open = self.begin(true)?;
        for curve in needed.iter().chain(wanted) {
            match finding::private_key(&open, &self.uri, &[*curve]) {
                Err(TokenError::KeyNotFound { .. }) => {}
                Err(TokenError::Ambiguous { .. }) | Ok(_) => {
                    return Err(TokenError::Exists { key: self.uri.to_string(), curve: *curve });
                }
                Err(error) => return Err(error),
            }
        }
        let can = self.mechanisms()?;
        let id = self.id()?;
        for curve in needed {
            self.make(&open, *curve, &id, &can)?;
        }
        let make = |curve: &Curve| self.make(&open, *curve, &id, &can).err().map(|error| (*curve, error));
        Ok(wanted.iter().filter_map(make).collect())
    }

    fn make(&self, open: &Open, curve: Curve, id: &[u8], can: &[MechanismType]) -> Result<(), TokenError> {
        let unsupported = || TokenError::NotSupported {
            token: open.label.clone(),
            what: format!("keys of {curve}"),
            reason: "it lists no mechanism that makes them".to_owned(),
        };
        let mechanism = mechanism(curve, can).ok_or_else(unsupported)?;
        let (public, private) = templates(&self.uri, curve, id);
        let made = open.session.generate_key_pair(&mechanism, &public, &private);
        made.map(drop).map_err(open.failed("making a key"))
    }

    /// The identifier in the name, or a new one.
    fn id(&self) -> Result<Vec<u8>, TokenError> {
        if let Some(id) = &self.uri.id {
            return Ok(id.clone());
        }
        let mut id = vec![0; ID_BYTES];
        getrandom::fill(&mut id)
            .map_err(|error| TokenError::Failed { doing: "choosing an identifier", reason: error.to_string() })?;
        Ok(id)
    }
}

/// With which of its mechanisms a token makes keys of a curve. SoftHSM makes X25519 keys with that of Edwards curves.
fn mechanism(curve: Curve, can: &[MechanismType]) -> Option<Mechanism<'static>> {
    let has = |mechanism| can.contains(&mechanism);
    match curve {
        Curve::Secp256k1 | Curve::P256 if has(MechanismType::ECC_KEY_PAIR_GEN) => Some(Mechanism::EccKeyPairGen),
        Curve::X25519 if has(MechanismType::ECC_MONTGOMERY_KEY_PAIR_GEN) => Some(Mechanism::EccMontgomeryKeyPairGen),
        Curve::Ed25519 | Curve::X25519 if has(MechanismType::ECC_EDWARDS_KEY_PAIR_GEN) => {
            Some(Mechanism::EccEdwardsKeyPairGen)
        }
        _ => None,
    }
}

fn templates(uri: &KeyUri, curve: Curve, id: &[u8]) -> (Vec<Attribute>, Vec<Attribute>) {
    let label = uri.object.clone().map(|label| Attribute::Label(label.into_bytes()));
    let named = |private: bool| {
        let mut template = vec![Attribute::Token(true), Attribute::Private(private), Attribute::Id(id.to_vec())];
        template.extend(label.clone());
        template
    };
    let agrees = curve == Curve::X25519;
    let (mut public, mut private) = (named(false), named(true));
    public.push(Attribute::EcParams(curves::parameters(curve)[0].to_vec()));
    if !agrees {
        public.push(Attribute::Verify(true));
    }
    private.extend([
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Sign(!agrees),
        Attribute::Derive(agrees),
        Attribute::Decrypt(false),
        Attribute::Unwrap(false),
    ]);
    (public, private)
}
