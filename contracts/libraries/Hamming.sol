// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Distance of perceptual hashes
/// @notice Counts the bits in which two differ.
library Hamming {
    /// @dev Each mask keeps the lower half of every group of 2, 4 and 8 bits.
    uint256 private constant _ONES = type(uint256).max;
    uint256 private constant _PAIRS = _ONES / 3;
    uint256 private constant _NIBBLES = _ONES / 5;
    uint256 private constant _BYTES = _ONES / 17;
    /// @dev 1 in each byte: a product with it has the sum of all bytes in its highest one.
    uint256 private constant _BYTE_SUM = _ONES / 255;

    /// @notice How many bits two words differ in.
    /// @dev Counts the bits of groups of 2, 4 and 8 at once, then sums the bytes. The sum of all but the last fits a
    /// byte; all 256 bits set would overflow it to 0, and are told apart.
    /// @param a One word.
    /// @param b The other.
    /// @return distanceBits 0 to 256.
    function distance(bytes32 a, bytes32 b) internal pure returns (uint256 distanceBits) {
        uint256 bits = uint256(a ^ b);
        if (bits == _ONES) return 256;
        // No step can overflow but the product, whose lost part is not wanted.
        unchecked {
            bits -= (bits >> 1) & _PAIRS;
            bits = (bits & _NIBBLES) + ((bits >> 2) & _NIBBLES);
            bits = (bits + (bits >> 4)) & _BYTES;
            return (bits * _BYTE_SUM) >> 248;
        }
    }
}
