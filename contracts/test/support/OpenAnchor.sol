// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Anchor} from "../../src/bridge/Anchor.sol";
import {IValidatorRegistry} from "../../src/interfaces/IValidatorRegistry.sol";
import {Predeploys} from "../../src/libraries/Predeploys.sol";
import {HeaderReader} from "../../src/libraries/finality/HeaderReader.sol";

/// An anchor into which headers can be put without a certificate, where a test is about what a header proves.
contract OpenAnchor is Anchor {
    constructor(uint64 chainId, bytes32 genesisHash)
        Anchor(IValidatorRegistry(Predeploys.VALIDATOR_REGISTRY), chainId, genesisHash)
    {}

    function keep(bytes calldata header) external {
        _record(HeaderReader.read(header));
    }
}
