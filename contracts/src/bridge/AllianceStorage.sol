// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {RequestRecord} from "../types/RequestTypes.sol";

/// What is proven to members. These are the first two slots of an alliance: their places are part of the protocol.
abstract contract AllianceStorage {
    mapping(uint64 number => RequestRecord) internal _requests; // slot 0
    mapping(uint64 number => mapping(bytes32 member => bytes32 partHash)) internal _partHashes; // slot 1
}
