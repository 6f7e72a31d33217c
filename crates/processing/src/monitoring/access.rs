//! What grants of the access manager are in a history: an administrator can make operators of contracts, and is seen to.

use alloy::sol_types::SolEvent;
use alloy_primitives::LogData;
use chancery_contracts::{GenesisAccessManager as Access, roles};

use super::entries::Facts;

/// The facts of a grant, or of its end.
pub(super) fn facts(log: &LogData) -> Option<Facts> {
    if let Ok(event) = Access::RoleGranted::decode_log_data(log) {
        return Some(Facts {
            name: "RoleGranted",
            by: None,
            subject: event.account.to_string(),
            revision: None,
            facts: format!("{} from {}, after {} seconds each time", role(event.roleId), event.since, event.delay),
        });
    }
    let event = Access::RoleRevoked::decode_log_data(log).ok()?;
    Some(Facts {
        name: "RoleRevoked",
        by: None,
        subject: event.account.to_string(),
        revision: None,
        facts: role(event.roleId),
    })
}

fn role(id: u64) -> String {
    match id {
        roles::ADMINISTRATOR => "administrator".to_owned(),
        roles::OPERATOR => "operator".to_owned(),
        roles::SUBMITTER => "submitter".to_owned(),
        roles::CONTRACT_OPERATOR => "contract-operator".to_owned(),
        other => format!("role {other}"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use alloy_primitives::{Address, aliases::U48};
    use chancery_contracts::{ContractReleases, predeploys};

    use super::{
        super::{entries::KNOWN_EVENTS, predeploys_with_events, releases},
        *,
    };

    // M-MON-2, S-SVC: who makes herself an operator of contracts is seen.
    #[test]
    fn supervisors_see_who_is_made_an_operator_of_contracts() {
        let account = Address::repeat_byte(0xc1);
        let granted = Access::RoleGranted {
            roleId: roles::CONTRACT_OPERATOR,
            account,
            delay: 0,
            since: U48::from(7),
            newMember: true,
        };
        let revoked = Access::RoleRevoked { roleId: roles::CONTRACT_OPERATOR, account };
        let appointed = ContractReleases::FactoryAppointed { factory: account };
        for (log, name) in [
            (granted.encode_log_data(), "RoleGranted contract-operator from 7"),
            (revoked.encode_log_data(), "RoleRevoked contract-operator"),
            (appointed.encode_log_data(), "FactoryAppointed"),
        ] {
            assert!(KNOWN_EVENTS.iter().any(|(signature, _)| *signature == log.topics()[0]), "{name}");
            let found = releases::facts(&log).or_else(|| facts(&log)).unwrap();
            assert_eq!(found.subject, account.to_string());
            assert!(format!("{} {}", found.name, found.facts).starts_with(name), "{}", found.facts);
        }
        assert!(predeploys_with_events().contains(&predeploys::ACCESS_MANAGER));
    }
}
