//! `chancery message send`.

use std::{mem, process::ExitCode};

use alloy_primitives::Address;
use anyhow::{Context as _, Result, anyhow, bail};
use chancery_certificates::keys::EncryptionPublicKey;
use chancery_client::rest::types::{
    messages::SendMessage as SendRequest,
    organizations::{Organization, OrganizationKey},
};
use chancery_ledger::Chain;
use chancery_messages::{
    chain,
    envelope::{self, Content},
    limits::MAX_CONTENT_BYTES,
    members::RIGHT,
    statement::{City, Correspondent, Head, VERSION, VERSION_BETWEEN_CITIES},
};
use chancery_primitives::OrganizationCode;
use serde_json::json;
use url::Url;

use super::{delivering, files, other_city, printable, proof, retrying};
use crate::{
    arguments::{Connection, SendMessage, TrustedMain},
    output::Output,
    party::{Party, now},
    share::{main_chain, now_s},
};

pub(super) async fn run(
    party: &Party,
    connection: &Connection,
    what: &SendMessage,
    output: &Output,
) -> Result<ExitCode> {
    let content = Content {
        subject: what.subject.clone(),
        media_type: what.media_type.clone(),
        bytes: mem::take(&mut *files::read(&what.file, MAX_CONTENT_BYTES)?),
    };
    let from = sender(party, what.from.as_deref()).await?;
    let progress = output.progress("reading the receiver's keys from the chain");
    let own = main_chain(&what.chain, party).await?;
    let other = OtherCity::of(party, connection, what).await?;
    let main = other.as_ref().map_or(&own, |other| &other.main);
    let to = receiver(main, what).await?;
    // That it is a key of the organization, which may receive, the chain has to show; also of an address that was named by hand.
    chain::member(main, to, RIGHT, now_s()).await?;
    let (key, published_in) = match what.to_encryption_key {
        Some(pinned) => (EncryptionPublicKey(pinned.0), None),
        None => {
            let found = chain::encryption_key(main, to.address, now_s()).await?;
            (found.key, Some(found.published_in))
        }
    };
    let to_city = other.as_ref().map(OtherCity::named).transpose()?;
    let head = Head {
        version: if to_city.is_some() { VERSION_BETWEEN_CITIES } else { VERSION },
        chain_id: own.config().chain_id,
        genesis: own.config().genesis_hash,
        to_city,
        from,
        to,
        sent: now(),
        in_reply_to: what.in_reply_to,
    };
    let sealed = envelope::seal(head, &content, &key, &party.keys.encryption_public_key()?)?;
    let request = SendRequest {
        statement: sealed.deposit.text.clone(),
        signature: alloy_primitives::Bytes::from(party.keys.sign_digest(sealed.deposit.digest()).await?.to_vec())
            .into(),
        envelope: sealed.envelope,
    };
    progress.set_message("waiting until the deposit is final");
    let state = retrying::until_answered(|| party.client.send_message(&request)).await?;
    let id = sealed.deposit.id();
    anyhow::ensure!(state.message.0 == id, "the gateway answered for another message, {}", state.message);
    // Where it is recorded is the gateway's word until its proof is verified by the genesis.
    progress.set_message("verifying the deposit");
    let deposited = proof::verified(party, id, &what.chain, None).await?.deposited;
    if let Some(other) = &other {
        progress.set_message("delivering");
        Box::pin(delivering::deliver(party, &other.party, id, &what.chain)).await.map_err(|error| {
            // In one text, so that the message's identifier is in it also where the other city's answer is shown as it came.
            anyhow!("message {id} is recorded in your city and was not delivered ({error:#}); to try again: chancery message deliver {id}")
        })?;
    }
    progress.finish_and_clear();
    let answer = json!({
        "message": id, "from": from, "to": to, "sealedTo": key.thumbprint(), "keyPublishedInBlock": published_in,
        "place": state.place, "deposit": deposited, "toCity": to_city, "delivered": other.is_some(),
    });
    let known = published_in.map_or_else(
        || "given with --to-encryption-key".to_owned(),
        |block| format!("published in block {block} of the receiver's main chain"),
    );
    let delivered = to_city.map_or_else(String::new, |city| format!("\ncity     {}, delivered", city.genesis));
    let text = format!(
        "message {id}\nto       {} ({})\nkey      {}, {known}\ndeposit  transaction {}, block {}, verified{delivered}",
        to.organization,
        to.address,
        key.thumbprint(),
        deposited.tx_hash,
        deposited.block_number
    );
    output.answer(&answer, text);
    Ok(ExitCode::SUCCESS)
}

/// The receiver's city, where it is another than the sender's.
struct OtherCity {
    party: Party,
    /// Its main chain, verified by the genesis file that the sender has.
    main: Chain,
}

impl OtherCity {
    async fn of(party: &Party, connection: &Connection, what: &SendMessage) -> Result<Option<Self>> {
        let (Some(url), Some(genesis)) = (&what.city.url, &what.city.genesis) else { return Ok(None) };
        let party = other_city(party, connection, url).await?;
        let rpc = match &what.city.rpc {
            Some(rpc) => rpc.clone(),
            None => named_node(url, &party.city.chain("main")?.rpc_url)?.to_owned(),
        };
        let trusted = TrustedMain { genesis: genesis.clone(), rpc: Some(rpc) };
        let main = main_chain(&trusted, &party).await?;
        Ok(Some(Self { party, main }))
    }

    fn named(&self) -> Result<City> {
        let config = self.main.config();
        let genesis = config.genesis_hash.context("the main chain of the receiver's city has no genesis")?;
        Ok(City { chain_id: config.chain_id, genesis })
    }
}

/// The node that the gateway of another city names, if it is on the gateway's own host: no other city says to which host this machine connects.
fn named_node<'a>(gateway: &str, rpc: &'a str) -> Result<&'a str> {
    let host = |text: &str| Url::parse(text).ok().and_then(|url| url.host_str().map(str::to_owned));
    if host(rpc).is_some_and(|named| Some(named) == host(gateway)) {
        return Ok(rpc);
    }
    bail!(
        "the city at {} names a node on another host, {}: if you know it, or another one of that chain, name it with --to-city-rpc",
        printable(gateway),
        printable(rpc)
    )
}

/// The organization that the own key sends for.
async fn sender(party: &Party, named: Option<&str>) -> Result<Correspondent> {
    let address = party.address();
    if let Some(code) = named {
        return Ok(Correspondent { organization: parse(code)?, address });
    }
    let organizations = party.client.organizations().await?.organizations;
    let mine: Vec<&Organization> = organizations
        .iter()
        .filter(|organization| in_force(organization).any(|key| key.address.0 == address))
        .collect();
    match mine.as_slice() {
        [organization] => Ok(Correspondent { organization: parse(&organization.code)?, address }),
        [] => bail!(
            "{address} may send for no organization: an operator gives it the right `{RIGHT}` \
             (chancery organization authorize-key CODE {address} --right {RIGHT})"
        ),
        several => bail!("{address} may send for {}: choose with --from", codes(several)),
    }
}

/// The key that receives: the one that was named, or else the only one that the chain shows. All of the organization's are proven, so that nobody chooses
/// among them but the sender.
async fn receiver(main: &Chain, what: &SendMessage) -> Result<Correspondent> {
    let organization = parse(&what.to)?;
    if let Some(address) = what.to_key {
        return Ok(Correspondent { organization, address });
    }
    let addresses = chain::receivers(main, organization, RIGHT, now_s()).await?;
    match addresses.as_slice() {
        [address] => Ok(Correspondent { organization, address: *address }),
        [] => bail!("{organization} has no key with the right `{RIGHT}`, so nobody can receive for it"),
        several => {
            let names: Vec<String> = several.iter().map(Address::to_string).collect();
            bail!("{organization} has several keys that receive: choose with --to-key: {}", names.join(", "))
        }
    }
}

fn in_force(organization: &Organization) -> impl Iterator<Item = &OrganizationKey> {
    let now = now().get();
    organization.keys.iter().filter(move |key| {
        let is_over =
            |end: Option<chancery_client::rest::values::Timestamp>| end.is_some_and(|end| end.unix_seconds() <= now);
        key.right == RIGHT.as_str() && !is_over(key.not_after) && !is_over(key.revoked_at)
    })
}

fn codes(organizations: &[&Organization]) -> String {
    organizations.iter().map(|organization| organization.code.as_str()).collect::<Vec<_>>().join(", ")
}

fn parse(code: &str) -> Result<OrganizationCode> {
    OrganizationCode::parse(code).with_context(|| format!("`{}` is no organization code", super::printable(code)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // MSG-2: a gateway's word says neither a key nor where this machine connects.
    #[test]
    fn another_city_names_no_host_but_its_own() {
        let gateway = "https://south.example/chancery";
        for rpc in ["https://south.example:8545", "http://SOUTH.example/rpc"] {
            assert_eq!(named_node(gateway, rpc).unwrap(), rpc);
        }
        let others = [
            "http://127.0.0.1:8545",
            "http://10.0.0.7",
            "http://south.example.evil",
            "http://south.example@10.0.0.7",
            "",
        ];
        for rpc in others {
            assert!(named_node(gateway, rpc).unwrap_err().to_string().contains("--to-city-rpc"), "{rpc}");
        }
    }
}
