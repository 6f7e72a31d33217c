use alloy_primitives::B256;

/// The key of a subject's versions: two organizations may call different things alike, and so may two formats.
pub(crate) fn subject_key(organization: &str, format: &str, subject: &str) -> B256 {
    // None of the three holds a line break that could move a part from one to another: codes and formats are plain ASCII.
    chancery_data::merkle::leaf_hash(format!("{organization}\n{format}\n{subject}").as_bytes())
}
