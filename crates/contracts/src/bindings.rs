//! What `alloy::sol!` makes of the artifacts. One module each, since contracts share struct names.
#![allow(missing_docs, clippy::too_many_arguments, clippy::large_enum_variant)]

macro_rules! bind {
    ($module:ident, $contract:ident, $artifact:literal) => {
        mod $module {
            alloy::sol!(
                #[sol(rpc, all_derives, abi)]
                $contract,
                $artifact
            );
        }
        pub use $module::$contract;
    };
}

bind!(access, GenesisAccessManager, "artifacts/GenesisAccessManager.json");
bind!(organizations, OrganizationRegistry, "artifacts/OrganizationRegistry.json");
bind!(identities, EthereumDIDRegistry, "artifacts/EthereumDIDRegistry.json");
bind!(formats, DataFormatRegistry, "artifacts/DataFormatRegistry.json");
bind!(blocks, DataBlockRegistry, "artifacts/DataBlockRegistry.json");
bind!(certificates, CertificateRegistry, "artifacts/CertificateRegistry.json");
bind!(permissions, Permissions, "artifacts/Permissions.json");
bind!(validators, ValidatorRegistry, "artifacts/ValidatorRegistry.json");
bind!(anchor, Anchor, "artifacts/Anchor.json");
bind!(requirements, RequirementRegistry, "artifacts/RequirementRegistry.json");
bind!(alliance, Alliance, "artifacts/Alliance.json");
// The functions of every node contract, with a store that has no rule of its own.
bind!(store_node, StoreNode, "artifacts/StoreNode.json");
bind!(rule_node, RuleNode, "artifacts/RuleNode.json");
bind!(trust, TrustRegistry, "artifacts/TrustRegistry.json");
bind!(held, HeldCertificates, "artifacts/HeldCertificates.json");
bind!(anchor_factory, AnchorFactory, "artifacts/AnchorFactory.json");
bind!(conditional, ConditionalCertificateRegistry, "artifacts/ConditionalCertificateRegistry.json");
bind!(assets, DigitalAsset, "artifacts/DigitalAsset.json");
bind!(resources, ResourceDirectory, "artifacts/ResourceDirectory.json");
bind!(releases, ContractReleases, "artifacts/ContractReleases.json");
bind!(factory, ContractFactory, "artifacts/ContractFactory.json");
bind!(rules, AccessRuleRegistry, "artifacts/AccessRuleRegistry.json");
bind!(changes, ChangeApprovals, "artifacts/ChangeApprovals.json");
