// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// What is common to contracts that keep facts of another chain (TRUST-1 to TRUST-5 of `docs/specs/trust.md`). Why a proof was refused, the errors of `IAnchor`
/// and `IFinalityErrors` say.
interface IAnchoredFacts {
    /// Give 5 minutes to 7 days, in seconds.
    error MaxAgeMalformed(uint64 maxAge);
    /// Something newer was shown already: prove it from that block or a later one.
    error FactOlder(uint64 number, uint64 known);
    /// The block's time lies too far ahead of this chain's: wait.
    error BlockAhead(uint64 number, uint64 time, uint64 latest);

    /// Seconds for which a fact counts, from the time of its block on.
    function maxAge() external view returns (uint64);

    /// The anchor that says what is final on the other chain.
    function anchor() external view returns (address);

    /// The contract on the other chain of which facts are shown.
    function source() external view returns (address);
}
