//! Which step follows which, as the registry of releases has it.

use alloy_primitives::Address;
use chancery_primitives::ReleaseStatus;
use chancery_reference_points::contract_release::ContractRelease;

/// Whether a release of one status may become one of another.
pub(super) const fn follows(from: ReleaseStatus, to: ReleaseStatus) -> bool {
    use ReleaseStatus::{Approved, Deployed, Proposed, Rejected, Released, Withdrawn};
    matches!(
        (from, to),
        (Proposed, Approved | Rejected)
            | (Approved, Deployed)
            | (Deployed, Released)
            | (Proposed | Approved | Deployed | Released, Withdrawn)
    )
}

/// Who made a release what it is.
pub(super) fn taken_by(release: &ContractRelease) -> Option<Address> {
    let step = match release.status {
        ReleaseStatus::Proposed => Some(&release.proposed),
        ReleaseStatus::Approved | ReleaseStatus::Rejected => release.reviewed.as_ref(),
        ReleaseStatus::Deployed => release.deployed.as_ref(),
        ReleaseStatus::Released => release.released.as_ref(),
        ReleaseStatus::Withdrawn => release.withdrawn.as_ref(),
    };
    step.map(|step| step.operator)
}

/// Whether another than the proposer has to take the step.
pub(super) const fn needs_second_operator(to: ReleaseStatus) -> bool {
    matches!(to, ReleaseStatus::Approved | ReleaseStatus::Rejected | ReleaseStatus::Released)
}

/// Whether the step has to say why.
pub(super) const fn needs_reason(to: ReleaseStatus) -> bool {
    matches!(to, ReleaseStatus::Rejected | ReleaseStatus::Withdrawn)
}

#[cfg(test)]
mod tests {
    use super::*;

    // RELEASE-2, RELEASE-3: the table of docs/specs/contract-release.md.
    #[test]
    fn steps_follow_one_another_as_the_specification_says() {
        let table = [
            (ReleaseStatus::Proposed, "approved rejected withdrawn"),
            (ReleaseStatus::Approved, "deployed withdrawn"),
            (ReleaseStatus::Rejected, ""),
            (ReleaseStatus::Deployed, "released withdrawn"),
            (ReleaseStatus::Released, "withdrawn"),
            (ReleaseStatus::Withdrawn, ""),
        ];
        for (from, expected) in table {
            let next = ReleaseStatus::ALL.iter().filter(|to| follows(from, **to)).map(|to| to.as_str());
            assert_eq!(next.collect::<Vec<_>>().join(" "), expected, "{from}");
        }
        let second = ReleaseStatus::ALL.iter().filter(|to| needs_second_operator(**to)).map(|to| to.as_str());
        assert_eq!(second.collect::<Vec<_>>().join(" "), "approved rejected released");
    }
}
