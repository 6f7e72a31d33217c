//! Accounts whose keys everybody knows: those of the phrases that development tools use. Who gives one of them an authority gives it to everybody.

use std::collections::BTreeSet;

use alloy_primitives::{Address, address};
use chancery_execution::GenesisConfig;

/// A word of a constructor's arguments.
const WORD_BYTES: usize = 32;
/// What stands before an address in a word.
const PADDING_BYTES: usize = 12;

/// Those of the development phrase that development cities give a part, and that anvil and Hardhat fund (`crate::keys::DEVELOPMENT_PHRASE`).
const DEVELOPMENT: [Address; 32] = [
    address!("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"),
    address!("0x70997970C51812dc3A010C7d01b50e0d17dc79C8"),
    address!("0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"),
    address!("0x90F79bf6EB2c4f870365E785982E1f101E93b906"),
    address!("0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65"),
    address!("0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc"),
    address!("0x976EA74026E726554dB657fA54763abd0C3a0aa9"),
    address!("0x14dC79964da2C08b23698B3D3cc7Ca32193d9955"),
    address!("0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f"),
    address!("0xa0Ee7A142d267C1f36714E4a8F75612F20a79720"),
    address!("0xBcd4042DE499D14e55001CcbB24a551F3b954096"),
    address!("0x71bE63f3384f5fb98995898A86B02Fb2426c5788"),
    address!("0xFABB0ac9d68B0B445fB7357272Ff202C5651694a"),
    address!("0x1CBd3b2770909D4e10f157cABC84C7264073C9Ec"),
    address!("0xdF3e18d64BC6A983f673Ab319CCaE4f1a57C7097"),
    address!("0xcd3B766CCDd6AE721141F452C550Ca635964ce71"),
    address!("0x2546BcD3c84621e976D8185a91A922aE77ECEc30"),
    address!("0xbDA5747bFD65F08deb54cb465eB87D40e51B197E"),
    address!("0xdD2FD4581271e230360230F9337D5c0430Bf44C0"),
    address!("0x8626f6940E2eb28930eFb4CeF49B2d1F2C9C1199"),
    address!("0x09DB0a93B389bEF724429898f539AEB7ac2Dd55f"),
    address!("0x02484cb50AAC86Eae85610D6f4Bf026f30f6627D"),
    address!("0x08135Da0A343E492FA2d4282F2AE34c6c5CC1BbE"),
    address!("0x5E661B79FE2D3F6cE70F5AAC07d8Cd9abb2743F1"),
    address!("0x61097BA76cD906d2ba4FD106E757f7Eb455fc295"),
    address!("0xDf37F81dAAD2b0327A0A50003740e1C935C70913"),
    address!("0x553BC17A05702530097c3677091C5BB47a3a7931"),
    address!("0x87BdCE72c06C21cd96219BD8521bDF1F42C78b5e"),
    address!("0x40Fc963A729c542424cD800349a7E4Ecc4896624"),
    address!("0x9DCCe783B6464611f38631e6C851bf441907c710"),
    address!("0x1BcB8e569EedAb4668e55145Cfeaf190902d3CF2"),
    address!("0x8263Fce86B1b78F95Ab4dae11907d8AF88f841e7"),
];
/// Those of Ganache's deterministic phrase (`myth like bonus scare ...`).
const GANACHE: [Address; 10] = [
    address!("0x90F8bf6A479f320ead074411a4B0e7944Ea8c9C1"),
    address!("0xFFcf8FDEE72ac11b5c542428B35EEF5769C409f0"),
    address!("0x22d491Bde2303f2f43325b2108D26f1eAbA1e32b"),
    address!("0xE11BA2b4D45Eaed5996Cd0823791E0C93114882d"),
    address!("0xd03ea8624C8C5987235048901fB614fDcA89b117"),
    address!("0x95cED938F7991cd0dFcb48F0a06a40FA1aF46EBC"),
    address!("0x3E5e9111Ae8eB78Fe1CC3bb8915d5D461F3Ef9A9"),
    address!("0x28a8746e75304c0780E011BEd21C72cD78cd535E"),
    address!("0xACa94ef8bD5ffEE41947b4585a84BdA5a3d3DA6E"),
    address!("0x1dF62f291b2E969fB0849d99D9Ce41e2F137006e"),
];
/// Those of Truffle's development phrase (`candy maple cake sugar ...`).
const TRUFFLE: [Address; 10] = [
    address!("0x627306090abaB3A6e1400e9345bC60c78a8BEf57"),
    address!("0xf17f52151EbEF6C7334FAD080c5704D77216b732"),
    address!("0xC5fdf4076b8F3A5357c5E395ab970B5B54098Fef"),
    address!("0x821aEa9a577a9b44299B9c15c88cf3087F3b5544"),
    address!("0x0d1d4e623D10F9FBA5Db95830F7d3839406C6AF2"),
    address!("0x2932b7A2355D6fecc4b5c0B6BD44cC31df247a2e"),
    address!("0x2191eF87E392377ec08E7c08Eb105Ef5448eCED5"),
    address!("0x0F4F2Ac550A1b4e2280d04c21cEa7EBD822934b5"),
    address!("0x6330A553Fc93768F612722BB8c2eC78aC90B3bbc"),
    address!("0x5AEDA56215b167893e80B4fE645BA6d5Bab767DE"),
];

/// Whether everybody has the key of this account.
pub(crate) fn is_known(account: &Address) -> bool {
    [&DEVELOPMENT[..], &GANACHE, &TRUFFLE].iter().any(|known| known.contains(account))
}

/// The known accounts to which a genesis gives an authority: a role of the access manager, or an organization's vote.
pub(crate) fn with_authority(genesis: &GenesisConfig) -> BTreeSet<Address> {
    let voters = genesis.validators.iter().filter_map(|validator| validator.voting_account);
    let deployers = genesis.predeploys.iter().map(|contract| contract.deployer);
    let named = genesis.predeploys.iter().flat_map(|contract| arguments(&contract.init_code));
    voters.chain(deployers).chain(named).filter(is_known).collect()
}

/// What the operator of a node of such a chain has to know; `None` where no known account has an authority.
pub(crate) fn warning(genesis: &GenesisConfig) -> Option<String> {
    let known = with_authority(genesis);
    if known.is_empty() {
        return None;
    }
    let accounts: Vec<_> = known.iter().map(ToString::to_string).collect();
    Some(format!(
        "the genesis of {} gives authority to accounts whose keys everybody knows ({}): whoever reaches a node can change everything that they may. Meant for a trial alone; \
         a chain for use is founded with accounts of your own (`chancery network founding`, docs/operations)",
        genesis.name,
        accounts.join(", ")
    ))
}

/// The addresses among the arguments of a constructor, which stand in words at the end of the creation code. Code before them is read as words too, and looks like no
/// known account.
fn arguments(init_code: &[u8]) -> impl Iterator<Item = Address> {
    init_code.rchunks_exact(WORD_BYTES).filter_map(|word| {
        let (padding, account) = word.split_at(PADDING_BYTES);
        padding.iter().all(|byte| *byte == 0).then(|| Address::from_slice(account))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use chancery_certificates::keys::PhraseKeys;
    use chancery_chain::ValidatorKeys;
    use chancery_execution::ValidatorConfig;

    use super::*;
    use crate::{
        city::{chain_named, genesis_config},
        founding::Founding,
        keys::{DEVELOPMENT_PHRASE, development},
    };

    // FOUND-3
    #[test]
    fn the_accounts_are_those_of_the_phrases() {
        assert_eq!(DEVELOPMENT.len(), development::FUNDED as usize);
        for (phrase, accounts) in [
            (DEVELOPMENT_PHRASE, &DEVELOPMENT[..]),
            ("myth like bonus scare over problem client lizard pioneer submit female collect", &GANACHE),
            ("candy maple cake sugar pudding cream honey rich smooth crumble sweet treat", &TRUFFLE),
        ] {
            let keys = PhraseKeys::of(phrase).unwrap();
            for (index, account) in (0u32..).zip(accounts) {
                assert_eq!(keys.account(index).unwrap().address(), *account, "{phrase} {index}");
            }
        }
    }

    fn genesis(founding: &Founding) -> GenesisConfig {
        genesis_config(chain_named("main").unwrap(), founding).unwrap()
    }

    // FOUND-3: each place in which a genesis names who may do something.
    #[test]
    fn a_genesis_that_gives_a_known_key_authority_is_warned_of() {
        let voting = |account| {
            let public = ValidatorKeys::from_seed(1).public("one");
            vec![ValidatorConfig { voting_account: Some(account), ..public }]
        };
        let own = Address::repeat_byte(0x51);
        let mut founding = Founding::development(voting(own), 1_700_000_000).unwrap();
        assert_eq!(with_authority(&genesis(&founding)).len(), 2, "the two operators");
        assert!(warning(&genesis(&founding)).unwrap().contains(&DEVELOPMENT[0].to_string()));

        founding.authorities.administrator = own;
        founding.authorities.operators = vec![own];
        founding.authorities.submitters = vec![own];
        founding.authorities.contract_operators = vec![own, Address::repeat_byte(0x52)];
        // A balance is no authority: gas is free.
        assert_eq!(warning(&genesis(&founding)), None);
        let places: [fn(&mut Founding); 5] = [
            |founding| founding.authorities.administrator = DEVELOPMENT[0],
            |founding| founding.authorities.operators.push(DEVELOPMENT[31]),
            |founding| founding.authorities.submitters.push(GANACHE[9]),
            |founding| founding.authorities.contract_operators.push(TRUFFLE[0]),
            |founding| founding.validators[0].voting_account = Some(DEVELOPMENT[20]),
        ];
        for give in places {
            let mut changed = copy(&founding);
            give(&mut changed);
            assert_eq!(with_authority(&genesis(&changed)).len(), 1);
        }
    }

    fn copy(founding: &Founding) -> Founding {
        Founding {
            validators: founding.validators.clone(),
            authorities: founding.authorities.clone(),
            funded: founding.funded.clone(),
            ..*founding
        }
    }
}
