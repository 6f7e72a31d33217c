// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// Where the contracts stand from the genesis on (`docs/specs/encodings.md`).
library Predeploys {
    address internal constant ACCESS_MANAGER = 0xC4A0000000000000000000000000000000000001;
    address internal constant ORGANIZATION_REGISTRY = 0xC4a0000000000000000000000000000000000002;
    address internal constant ETHEREUM_DID_REGISTRY = 0xC4a0000000000000000000000000000000000003;
    address internal constant DATA_FORMAT_REGISTRY = 0xC4a0000000000000000000000000000000000004;
    address internal constant DATA_BLOCK_REGISTRY = 0xc4a0000000000000000000000000000000000005;
    address internal constant CERTIFICATE_REGISTRY = 0xC4a0000000000000000000000000000000000006;
}
