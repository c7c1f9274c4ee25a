// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { ECDSA } from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import { SignatureChecker } from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @title What counts as an account's signature
/// @notice The same for both registries.
library Signatures {
    /// @notice The longest that a signature may hold, in seconds: what is lost or forgotten expires.
    uint256 internal constant MAX_AHEAD = 30 days;

    /// @notice Whether an account signed a digest, or accepts the signature by ERC-1271.
    /// @dev ECDSA first, whether or not the account has code: OpenZeppelin's `isValidSignatureNow` asks an account
    /// with EIP-7702 code by ERC-1271 only, and would refuse its plain signature. The call is static, so nothing can
    /// re-enter and write; a contract that burns gas burns that of whoever sends the transaction.
    /// @param signer The account, not zero.
    /// @param digest The EIP-712 digest.
    /// @param signature 65 bytes for ECDSA, any for ERC-1271.
    /// @return valid Whether it did.
    function isValid(address signer, bytes32 digest, bytes calldata signature) internal view returns (bool valid) {
        (address recovered, , ) = ECDSA.tryRecoverCalldata(digest, signature);
        // An invalid signature recovers to the zero address, which is nobody's key.
        return recovered == signer || SignatureChecker.isValidERC1271SignatureNowCalldata(signer, digest, signature);
    }
}
