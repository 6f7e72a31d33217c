//! Objects in a token.

use chancery_keys::Curve;
use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};

use crate::{KeyUri, TokenError, curves, session::Open};

/// Every curve that is known here.
pub(crate) const CURVES: [Curve; 4] = [Curve::Secp256k1, Curve::P256, Curve::Ed25519, Curve::X25519];

/// The one private key that a name means, of one of these curves.
pub(crate) fn private_key(open: &Open, uri: &KeyUri, wanted: &[Curve]) -> Result<(Curve, ObjectHandle), TokenError> {
    let mut template = vec![Attribute::Class(ObjectClass::PRIVATE_KEY)];
    template.extend(uri.object.as_ref().map(|label| Attribute::Label(label.clone().into_bytes())));
    template.extend(uri.id.as_ref().map(|id| Attribute::Id(id.clone())));
    let mut meant = Vec::new();
    for handle in open.session.find_objects(&template).map_err(open.failed("finding keys"))? {
        if let Some(curve) = curve_of(open, handle)?.filter(|curve| wanted.contains(curve)) {
            meant.push((curve, handle));
        }
    }
    match meant.as_slice() {
        [one] => Ok(*one),
        [] => Err(TokenError::KeyNotFound { key: uri.to_string(), curve: names(wanted) }),
        several => Err(TokenError::Ambiguous { key: uri.to_string(), curve: names(wanted), found: several.len() }),
    }
}

/// The public half of a private key: the object of the same identifier, or of the same label where there is no identifier.
pub(crate) fn public_key(
    open: &Open,
    uri: &KeyUri,
    curve: Curve,
    private: ObjectHandle,
) -> Result<Vec<u8>, TokenError> {
    let failed = open.failed("reading a public key");
    let (mut id, mut label) = (None, None);
    let known = open.session.get_attributes(private, &[AttributeType::Id, AttributeType::Label]);
    for attribute in known.map_err(&failed)? {
        match attribute {
            Attribute::Id(bytes) if !bytes.is_empty() => id = Some(Attribute::Id(bytes)),
            Attribute::Label(bytes) if !bytes.is_empty() => label = Some(Attribute::Label(bytes)),
            _ => {}
        }
    }
    let missing = || TokenError::NoPublicKey { key: uri.to_string() };
    let template = [Attribute::Class(ObjectClass::PUBLIC_KEY), id.or(label).ok_or_else(missing)?];
    let mut points = Vec::new();
    for handle in open.session.find_objects(&template).map_err(&failed)? {
        if curve_of(open, handle)? == Some(curve) {
            for attribute in open.session.get_attributes(handle, &[AttributeType::EcPoint]).map_err(&failed)? {
                if let Attribute::EcPoint(point) = attribute {
                    points.push(point);
                }
            }
        }
    }
    match points.as_slice() {
        [point] => curves::public_key(curve, point).ok_or_else(missing),
        _ => Err(missing()),
    }
}

/// The curve of an object; `None` for other kinds of keys.
fn curve_of(open: &Open, handle: ObjectHandle) -> Result<Option<Curve>, TokenError> {
    let attributes = open.session.get_attributes(handle, &[AttributeType::EcParams]);
    let parameters = attributes.map_err(open.failed("reading a key's curve"))?.into_iter().find_map(|one| match one {
        Attribute::EcParams(parameters) => Some(parameters),
        _ => None,
    });
    let parameters = parameters.unwrap_or_default();
    Ok(CURVES.into_iter().find(|curve| curves::parameters(*curve).contains(&parameters.as_slice())))
}

fn names(curves: &[Curve]) -> String {
    curves.iter().map(Curve::to_string).collect::<Vec<_>>().join(" or ")
}
