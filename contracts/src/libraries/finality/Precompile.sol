// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IFinalityErrors} from "../../interfaces/IFinalityErrors.sol";

/// Calls of precompiled contracts.
///
/// Those of EIP-2537 consume all gas given to them when they refuse their input, so each gets what it costs and no more. And
/// because running out of gas looks like a refusal, it is made sure before that there is enough: refused means refused.
library Precompile {
    /// For the call itself and what surrounds it.
    uint256 private constant CALL_GAS = 1_000;

    /// @param gasCost what the precompile consumes of this input.
    /// @param input where the input begins in memory; `output` is where the answer goes. The callers have reserved both.
    /// @return accepted whether the precompile took the input.
    function call(
        address precompile,
        uint256 gasCost,
        uint256 input,
        uint256 inputBytes,
        uint256 output,
        uint256 outputBytes
    ) internal view returns (bool accepted) {
        unchecked {
            // A call gets at most 63 of 64 parts of what is left (EIP-150). The costs are small numbers.
            uint256 needed = gasCost + gasCost / 63 + CALL_GAS;
            if (gasleft() < needed) revert IFinalityErrors.GasTooLow(needed);
        }
        uint256 answerBytes;
        assembly ("memory-safe") {
            accepted := staticcall(gasCost, precompile, input, inputBytes, output, outputBytes)
            answerBytes := returndatasize()
        }
        // An address without code takes any call and answers nothing.
        if (accepted && answerBytes != outputBytes) revert IFinalityErrors.PrecompileUnusable(precompile);
    }

    /// The same for input that is never refused.
    function mustCall(
        address precompile,
        uint256 gasCost,
        uint256 input,
        uint256 inputBytes,
        uint256 output,
        uint256 outputBytes
    ) internal view {
        if (!call(precompile, gasCost, input, inputBytes, output, outputBytes)) {
            revert IFinalityErrors.PrecompileUnusable(precompile);
        }
    }

    /// Where the bytes of `data` begin in memory.
    function start(bytes memory data) internal pure returns (uint256 pointer) {
        assembly ("memory-safe") {
            pointer := add(data, 0x20)
        }
    }
}
