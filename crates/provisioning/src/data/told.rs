//! Who may do what with an asset of registered sources, and why it never has another owner (M-APP).

use std::collections::BTreeSet;

use chancery_data::{SourceId, submission::Access};
use chancery_reference_points::{
    Role,
    data_search::{Asset, AssetVersion, MAX_TRACE_SOURCES},
    mandate::OFFICES,
    trace::{Entitled, HandOver, Narrowing, Transfers, UseAct, UseRight},
};

/// The services by which data are read, each of which an access rule may narrow.
pub(super) const READING: [&str; 5] =
    ["data.search", "data.trace", "data.proof", "data.aggregate", "data.subscription"];

/// The rights of use: to read by the access classes of what is seen of the asset, to add to it, and to see what happened.
pub(super) fn rights(asset: &Asset, versions: &[AssetVersion], narrowed_by: &[Narrowing]) -> Vec<UseRight> {
    let classes = [Access::Public, Access::Internal, Access::Restricted];
    let seen = classes.into_iter().filter(|class| versions.iter().any(|one| one.operation.access == *class));
    let mut rights: Vec<UseRight> = seen
        .map(|class| {
            let (by, rule) = match class {
                Access::Public => {
                    (Entitled::Anybody, "SEARCH-3: what is public is for anybody, until its retention ends")
                }
                Access::Internal => (
                    Entitled::Roles { roles: OFFICES.to_vec() },
                    "SEARCH-3: what is internal is for offices, until its retention ends",
                ),
                // Whom it names is not told: that would say who else may read it.
                Access::Restricted => (
                    Entitled::Organization { organization: asset.organization.clone() },
                    "SEARCH-3: what is restricted is for whom its source or its format names, and for the organization whose it is, until its retention ends",
                ),
            };
            let right = UseRight::of(UseAct::Read, by, rule);
            UseRight { access: Some(class), narrowed_by: narrowed_by.to_vec(), ..right }
        })
        .collect();
    let organization = Entitled::Organization { organization: asset.organization.clone() };
    let adding = "DATA-1, DATA-5: the present key of a source of the organization, naming the version before";
    rights.push(UseRight::of(UseAct::AddVersion, organization, adding));
    let supervisors = Entitled::Roles { roles: vec![Role::Supervisor] };
    let seeing = "M-MON-2: supervisors see who read it and when, without its content; everybody else its own reading";
    rights.push(UseRight::of(UseAct::SeeHistory, supervisors, seeing));
    rights
}

/// The sources of the versions, those of the newest first, as many as one trace follows; and whether that is all of them.
pub(super) fn sources(versions: &[AssetVersion]) -> (Vec<SourceId>, bool) {
    let mut sources = BTreeSet::new();
    for version in versions.iter().rev() {
        if sources.len() >= MAX_TRACE_SOURCES && !sources.contains(&version.operation.source) {
            return (sources.into_iter().collect(), false);
        }
        sources.insert(version.operation.source);
    }
    (sources.into_iter().collect(), true)
}

/// Whose the asset is stays as its sources have signed it; what changes hands are the sources.
pub(super) fn transfers(path: Vec<HandOver>, is_whole: bool) -> Transfers {
    let reason = "the organization is part of the asset's name and of its sources' signed registrations, and no statement changes it: data of another organization are another \
                  asset; a source passes from key to key";
    let transfers = Transfers::never("DATA-10", reason, path);
    Transfers { cut: transfers.cut || !is_whole, ..transfers }
}
