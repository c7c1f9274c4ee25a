// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { Hashes } from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

/// @title The root of a list of leaves
/// @notice The same as the OpenZeppelin merkle-tree library gives with `sortLeaves: false`, so that its proofs hold
/// here.
library MerkleRoot {
    /// @notice The root.
    /// @dev A complete binary tree in an array: the parent of `2i + 1` and `2i + 2` is `i`, the root is 0, and
    /// leaves stand at the end in reverse. Siblings are hashed in order of size: the root does not tell their order.
    /// @param leaves One or more.
    /// @return root The root.
    function compute(bytes32[] memory leaves) internal pure returns (bytes32 root) {
        bytes32[] memory nodes = new bytes32[](2 * leaves.length - 1);
        for (uint256 i = 0; i < leaves.length; ++i) {
            nodes[nodes.length - 1 - i] = leaves[i];
        }
        for (uint256 i = nodes.length / 2; i > 0; --i) {
            nodes[i - 1] = Hashes.commutativeKeccak256(nodes[2 * i - 1], nodes[2 * i]);
        }
        return nodes[0];
    }
}
