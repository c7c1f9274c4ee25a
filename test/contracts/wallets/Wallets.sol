// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IERC1271 } from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import { MultiSignerERC7913 } from "@openzeppelin/contracts/utils/cryptography/signers/MultiSignerERC7913.sol";

/// @dev A wallet of several owners, of whom so many have to sign: OpenZeppelin's, behind ERC-1271.
contract MultiOwnerWallet is MultiSignerERC7913, IERC1271 {
    constructor(bytes[] memory owners, uint64 needed) MultiSignerERC7913(owners, needed) {}

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        return _rawSignatureValidation(digest, signature) ? this.isValidSignature.selector : bytes4(0xffffffff);
    }
}

/// @dev A wallet that answers as it is told to, to see what others make of it.
contract OddWallet {
    enum Answer {
        Yes,
        WrongMagic,
        Short,
        Dirty,
        Reverts,
        Huge,
        BurnsGas,
        Writes
    }

    Answer public answer;
    uint256 public calls;

    function set(Answer next) external {
        answer = next;
    }

    /// @dev Does anything in the wallet's name.
    function execute(address target, bytes calldata data) external {
        (bool done, bytes memory reason) = target.call(data);
        if (done) return;
        assembly ("memory-safe") {
            revert(add(reason, 0x20), mload(reason))
        }
    }

    function isValidSignature(bytes32, bytes calldata) external returns (bytes4) {
        bytes32 magic = IERC1271.isValidSignature.selector;
        if (answer == Answer.WrongMagic) magic = 0;
        if (answer == Answer.Dirty) magic |= bytes32(uint256(1));
        if (answer == Answer.Reverts) revert("no");
        if (answer == Answer.Writes) ++calls;
        while (answer == Answer.BurnsGas) {}
        uint256 length =
            answer == Answer.Short
                ? 31
                : answer == Answer.Huge
                    ? 1_000_000
                    : 32;
        assembly ("memory-safe") {
            mstore(0, magic)
            return(0, length)
        }
    }
}
