// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// Bounds the answers of enumerating views.
library Pages {
    /// Most rows in one answer.
    uint256 internal constant MAX_PAGE_ROWS = 100;

    /// How many of `total` rows are answered from `offset` on, when `limit` are asked for.
    function rows(uint256 total, uint256 offset, uint256 limit) internal pure returns (uint256) {
        if (offset >= total) return 0;
        uint256 left = total - offset;
        uint256 bounded = limit < MAX_PAGE_ROWS ? limit : MAX_PAGE_ROWS;
        return bounded < left ? bounded : left;
    }
}
