//! Requirements that stand, read from the registry's storage with proofs: a node can make none up, and leave none out (A-EST).

use alloy_primitives::{Address, B256, KECCAK256_EMPTY, U256, keccak256};
use chancery_ledger::Chain;

use super::EstablishError;

/// Slot of `RequirementRegistry`: how many there ever were; their words begin at the slot's hash.
const DECLARATIONS: U256 = U256::ZERO;
/// Words of each ([`Words`]), without what its two lists hold.
const WORDS: usize = 8;
/// Requirements whose words are proven at a time.
const AT_A_TIME: u64 = 16;
/// Numbers that are looked through for one page.
const MAX_LOOKED_AT: u64 = 4096;
/// As the registry bounds them.
const MAX_PARTNERS: usize = 15;
/// As the registry bounds them.
const MAX_ENDORSERS: usize = 64;

/// A requirement that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenRequirement {
    /// Its number in the registry.
    pub id: u64,
    /// Who has declared it: issues the member's certificates and votes for it. Anybody may declare under any name.
    pub authority: Address,
    /// What for.
    pub purpose: B256,
    /// What the member is called.
    pub name: B256,
    /// EIP-155 id of its chain.
    pub chain_id: u64,
    /// Hash of that chain's genesis header; `None`: a chain without finality certificates.
    pub genesis_hash: Option<B256>,
    /// On that chain.
    pub node_contract: Address,
    /// Last second of the alliance chain in which it stands.
    pub open_until: u64,
    /// The members that it wants to communicate with, ascending.
    pub partners: Vec<B256>,
    /// Who would endorse for it, and what they weigh.
    pub endorsers: Vec<(B256, u64)>,
}

/// Requirements that stand, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenPage {
    /// Those that were found.
    pub requirements: Vec<OpenRequirement>,
    /// Numbers below this one were not looked at; `None`: there are no more.
    pub next: Option<u64>,
    /// Time of the final block by which they stand, in seconds.
    pub time_s: u64,
}

/// Reads the newest that stand, with numbers below `before`: of one purpose if one is given, at most `limit`, of at most 4,096 numbers.
///
/// # Errors
/// `Uncertified` for a chain that proves nothing; `StrangeContract` where no registry stands; an unreachable chain.
pub async fn open_requirements(
    home: &Chain,
    registry: Address,
    purpose: Option<B256>,
    before: Option<u64>,
    limit: usize,
) -> Result<OpenPage, EstablishError> {
    let (mut time_s, count) = proven(home, registry, &[B256::from(DECLARATIONS)]).await?;
    let count = count.first().map_or(0, |count| count.saturating_to::<u64>());
    let mut next = before.map_or(count, |before| before.min(count));
    let lowest = next.saturating_sub(MAX_LOOKED_AT);
    let mut requirements = Vec::new();
    while next > lowest && requirements.len() < limit {
        let first = next.saturating_sub(AT_A_TIME).max(lowest);
        let slots: Vec<_> = (first..next).flat_map(slots_of).collect();
        let (now, words) = proven(home, registry, &slots).await?;
        time_s = now;
        let ids: Vec<_> = (first..next).collect();
        for (id, words) in ids.into_iter().zip(words.as_chunks::<WORDS>().0).rev() {
            next = id;
            let words = Words(*words);
            if words.stands_at(now) && purpose.is_none_or(|wanted| wanted == words.purpose()) {
                requirements.push(whole(home, registry, id, &words).await?);
            }
            if requirements.len() == limit {
                break;
            }
        }
    }
    Ok(OpenPage { requirements, next: (next > 0).then_some(next), time_s })
}

/// What a declaration says, with what its lists hold: neither changes once it is declared.
async fn whole(home: &Chain, registry: Address, id: u64, words: &Words) -> Result<OpenRequirement, EstablishError> {
    let [.., partners_at, endorsers_at] = slots_of(id);
    let (partners, endorsers) = words.lengths().ok_or_else(|| strange(registry))?;
    let slots: Vec<_> = list(partners_at, partners).chain(list(endorsers_at, 2 * endorsers)).collect();
    let (_, found) = proven(home, registry, &slots).await?;
    let (names, weights) = found.split_at_checked(partners).ok_or_else(|| strange(registry))?;
    let (pairs, _) = weights.as_chunks::<2>();
    Ok(OpenRequirement {
        id,
        authority: address(words.0[0]),
        purpose: words.purpose(),
        name: B256::from(words.0[2]),
        chain_id: low_u64(words.0[3]),
        genesis_hash: Some(B256::from(words.0[4])).filter(|hash| !hash.is_zero()),
        node_contract: address(words.0[5]),
        open_until: words.open_until(),
        partners: names.iter().copied().map(B256::from).collect(),
        endorsers: pairs.iter().map(|[node, weight]| (B256::from(*node), low_u64(*weight))).collect(),
    })
}

/// Words of a declaration: authority (20 bytes from the lowest) and whether it was withdrawn (1); purpose; name; chain id; genesis hash; node contract (20) and the last
/// second in which it stands (8); how many partners; how many endorsers.
#[derive(Clone, Copy, Debug)]
struct Words([U256; WORDS]);

impl Words {
    fn stands_at(&self, time_s: u64) -> bool {
        self.0[0].byte(20) == 0 && time_s <= self.open_until()
    }

    fn purpose(&self) -> B256 {
        B256::from(self.0[1])
    }

    fn open_until(&self) -> u64 {
        low_u64(self.0[5] >> 160_usize)
    }

    /// How many partners and endorsers there are; `None`: more than a registry takes.
    fn lengths(&self) -> Option<(usize, usize)> {
        let bounded = |word: U256, limit| usize::try_from(word).ok().filter(|length| *length <= limit);
        Some((bounded(self.0[6], MAX_PARTNERS)?, bounded(self.0[7], MAX_ENDORSERS)?))
    }
}

/// Where the words of a declaration stand.
fn slots_of(id: u64) -> [B256; WORDS] {
    let first = after(B256::from(DECLARATIONS)).wrapping_add(U256::from(id) * U256::from(WORDS));
    std::array::from_fn(|n| B256::from(first.wrapping_add(U256::from(n))))
}

/// Where the words of a list stand, by where its length does.
fn list(length_at: B256, words: usize) -> impl Iterator<Item = B256> {
    let first = after(length_at);
    (0..words).map(move |n| B256::from(first.wrapping_add(U256::from(n))))
}

fn after(slot: B256) -> U256 {
    U256::from_be_bytes(keccak256(slot).0)
}

/// Slots at the newest final block, with its time in seconds.
async fn proven(home: &Chain, registry: Address, slots: &[B256]) -> Result<(u64, Vec<U256>), EstablishError> {
    let uncertified = || EstablishError::Uncertified(home.name().to_owned());
    let evidence = home.state(registry, slots).await?.ok_or_else(uncertified)?;
    if evidence.state.code_hash == KECCAK256_EMPTY {
        return Err(strange(registry));
    }
    Ok((evidence.block.time_ms / 1000, evidence.state.storage.iter().map(|(_, word)| *word).collect()))
}

const fn strange(address: Address) -> EstablishError {
    EstablishError::StrangeContract { what: "registry of requirements", address }
}

fn address(word: U256) -> Address {
    Address::from_word(B256::from(word & (U256::MAX >> 96)))
}

const fn low_u64(word: U256) -> u64 {
    word.as_limbs()[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(authority: U256, until: u64) -> Words {
        let node = U256::from_be_bytes(Address::repeat_byte(7).into_word().0);
        let mut words = [U256::ZERO; WORDS];
        (words[0], words[5]) = (authority, node | U256::from(until) << 160);
        Words(words)
    }

    // A-EST: as `RequirementRegistry._isOpen` has it, the last second included.
    #[test]
    fn a_requirement_stands_until_its_last_second_unless_it_was_withdrawn() {
        let authority = U256::from_be_bytes(Address::repeat_byte(9).into_word().0);
        let open = words(authority, 1000);
        assert!(open.stands_at(1000) && !open.stands_at(1001));
        assert_eq!((address(open.0[0]), address(open.0[5])), (Address::repeat_byte(9), Address::repeat_byte(7)));
        let withdrawn = words(authority | U256::ONE << 160, 1000);
        assert!(!withdrawn.stands_at(999));
    }

    // A-EST: what is no registry can have nothing read without end.
    #[test]
    fn lists_that_no_registry_takes_are_not_read() {
        let mut words = words(U256::ZERO, 1000);
        (words.0[6], words.0[7]) = (U256::from(MAX_PARTNERS), U256::from(MAX_ENDORSERS));
        assert_eq!(words.lengths(), Some((MAX_PARTNERS, MAX_ENDORSERS)));
        words.0[6] = U256::MAX;
        assert_eq!(words.lengths(), None);
        (words.0[6], words.0[7]) = (U256::ONE, U256::from(MAX_ENDORSERS + 1));
        assert_eq!(words.lengths(), None);
    }
}
