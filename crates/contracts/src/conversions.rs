//! From the types of `chancery-primitives` to those of the bindings.

use crate::{CertificateRegistry, ChangeApprovals, ContractReleases, DataBlockRegistry};
use chancery_primitives::{
    CertificateId, ChangeRelease, ChangeStatus, DataOperation, DecideChange, Inspect, Issue, ProposeChange,
    ProposeContract,
};

impl From<&Issue> for CertificateRegistry::Issue {
    fn from(operation: &Issue) -> Self {
        Self {
            certificateId: operation.certificate_id.to_bytes32(),
            kind: operation.kind.to_bytes32(),
            organization: operation.organization.to_bytes32(),
            holder: operation.holder,
            contentHash: operation.content_hash,
            sealedHash: operation.sealed_hash,
            validFrom: operation.valid_from.get(),
            validUntil: operation.valid_until.get(),
            previous: CertificateId::optional_to_bytes32(operation.previous),
            deadline: operation.deadline.get(),
        }
    }
}

impl From<&ChangeStatus> for CertificateRegistry::ChangeStatus {
    fn from(operation: &ChangeStatus) -> Self {
        Self {
            certificateId: operation.certificate_id.to_bytes32(),
            status: operation.status.code(),
            reason: operation.reason.code(),
            revision: operation.revision,
            deadline: operation.deadline.get(),
        }
    }
}

impl From<&Inspect> for CertificateRegistry::Inspect {
    fn from(operation: &Inspect) -> Self {
        Self {
            certificateId: operation.certificate_id.to_bytes32(),
            holder: operation.holder,
            organization: operation.organization.to_bytes32(),
            presentationHash: operation.presentation_hash,
            outcome: operation.outcome.code(),
            deadline: operation.deadline.get(),
        }
    }
}

impl From<&DataOperation> for DataBlockRegistry::DataOperation {
    fn from(operation: &DataOperation) -> Self {
        Self {
            dataFormat: operation.data_format,
            contentHash: operation.content_hash,
            source: operation.source,
            subject: operation.subject,
            previous: operation.previous,
            time: operation.time.get(),
            idempotencyKey: operation.idempotency_key,
        }
    }
}

impl From<&ProposeContract> for ContractReleases::ProposeContract {
    fn from(operation: &ProposeContract) -> Self {
        Self {
            name: operation.name.to_bytes32(),
            version: operation.version,
            initCodeHash: operation.init_code_hash,
            argumentsHash: operation.arguments_hash,
            runtimeCodeHash: operation.runtime_code_hash,
            interfaceHash: operation.interface_hash,
            sourceHash: operation.source_hash,
            salt: operation.salt,
            deadline: operation.deadline.get(),
        }
    }
}

impl From<&ChangeRelease> for ContractReleases::ChangeRelease {
    fn from(operation: &ChangeRelease) -> Self {
        Self {
            release: operation.release,
            status: operation.status.code(),
            reason: operation.reason.clone(),
            deadline: operation.deadline.get(),
        }
    }
}

impl From<&ProposeChange> for ChangeApprovals::ProposeChange {
    fn from(operation: &ProposeChange) -> Self {
        Self {
            kind: operation.kind.code(),
            changeHash: operation.change_hash,
            salt: operation.salt,
            expiresAt: operation.expires_at.get(),
            deadline: operation.deadline.get(),
        }
    }
}

impl From<&DecideChange> for ChangeApprovals::DecideChange {
    fn from(operation: &DecideChange) -> Self {
        Self {
            change: operation.change,
            status: operation.status.code(),
            reason: operation.reason.clone(),
            deadline: operation.deadline.get(),
        }
    }
}
