//! Gathering the versions of one asset, until they are more than one trace shows: what cannot be shown whole is refused, never cut.

use chancery_reference_points::{
    Code, DoorError, DoorResult,
    data_search::{Asset, AssetVersion, DataOperation, MAX_TRACE_BYTES, MAX_TRACE_VERSIONS},
};

/// The versions of one asset so far, oldest first.
pub(crate) struct Versions<'a> {
    asset: &'a Asset,
    gathered: Vec<AssetVersion>,
    bytes: usize,
}

impl<'a> Versions<'a> {
    pub(crate) const fn of(asset: &'a Asset) -> Self {
        Self { asset, gathered: Vec::new(), bytes: 0 }
    }

    /// Adds an operation of the asset's format and subject, if it is of its organization.
    ///
    /// # Errors
    /// `MalformedRequest` when there are more than one trace shows.
    pub(crate) fn add(&mut self, operation: DataOperation) -> DoorResult<()> {
        if operation.organization != self.asset.organization {
            return Ok(());
        }
        self.bytes += operation.bytes();
        let refuse = |what: String, limit: usize| {
            let detail = format!(
                "subject: its versions are more than the {what} that one trace shows; search for them page by page"
            );
            Err(DoorError::new(Code::MalformedRequest, detail).with("member", "subject").with("limit", limit))
        };
        if self.gathered.len() >= MAX_TRACE_VERSIONS {
            return refuse(format!("{MAX_TRACE_VERSIONS}"), MAX_TRACE_VERSIONS);
        }
        if self.bytes > MAX_TRACE_BYTES {
            return refuse(format!("{MAX_TRACE_BYTES} bytes"), MAX_TRACE_BYTES);
        }
        self.gathered.push(AssetVersion { version: self.gathered.len() as u64 + 1, operation });
        Ok(())
    }

    pub(crate) fn all(self) -> Vec<AssetVersion> {
        self.gathered
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use alloy_primitives::B256;
    use chancery_data::{SourceId, submission::Access};
    use chancery_reference_points::{data_search::OperationPlace, read_right::ReadRight};

    use super::*;

    fn operation(organization: &str, bytes: usize) -> DataOperation {
        DataOperation {
            at: OperationPlace { place: 0, index: 0 },
            digest: B256::ZERO,
            name: B256::ZERO,
            source: SourceId::ZERO,
            organization: organization.into(),
            format: "f".into(),
            format_version: 1,
            access: Access::Public,
            right: ReadRight::Open,
            accepted_at: 0,
            operation: "x".repeat(bytes),
        }
    }

    fn refused(versions: &mut Versions<'_>, bytes: usize) -> u64 {
        let error = versions.add(operation("a", bytes)).unwrap_err();
        assert_eq!((error.code(), error.members()["member"].as_str()), (Code::MalformedRequest, Some("subject")));
        error.members()["limit"].as_u64().unwrap()
    }

    // GRPC-2, GRPC-4: the door refuses by name what an answer could not hold.
    #[test]
    fn versions_beyond_what_a_trace_shows_are_refused_and_not_cut() {
        let asset = Asset { organization: "a".into(), format: "f".into(), subject: "s".into() };
        let mut large = Versions::of(&asset);
        let one = operation("a", 64 * 1024);
        for _ in 0..MAX_TRACE_BYTES / one.bytes() {
            large.add(one.clone()).unwrap();
            large.add(operation("another", 64 * 1024)).unwrap();
        }
        assert_eq!(refused(&mut large, 64 * 1024), MAX_TRACE_BYTES as u64);

        let mut many = Versions::of(&asset);
        (0..MAX_TRACE_VERSIONS).for_each(|_| many.add(operation("a", 1)).unwrap());
        many.add(operation("another", 1)).unwrap();
        assert_eq!(refused(&mut many, 1), MAX_TRACE_VERSIONS as u64);
        let all = many.all();
        assert_eq!((all.len(), all[0].version, all[9_999].version), (MAX_TRACE_VERSIONS, 1, 10_000));
    }
}
