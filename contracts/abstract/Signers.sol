// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { EIP712 } from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import { IMediaRegistry } from "../interfaces/IMediaRegistry.sol";
import { IPublisherRegistry } from "../interfaces/IPublisherRegistry.sol";
import { Signatures } from "../libraries/Signatures.sol";

/// @title Who may sign for a publisher
/// @notice Asks the publisher registry, and takes a live key's signature for its call.
/// @dev Invariant: a nonce of a key serves once for a publisher. The publisher registry and keys are asked by static
/// calls alone, so nothing can re-enter and write.
abstract contract Signers is IMediaRegistry, EIP712 {
    IPublisherRegistry private immutable _PUBLISHERS;

    mapping(uint32 publisherId => mapping(address key => mapping(uint256 wordIndex => uint256 bitmap))) private _nonces;

    /// @notice Binds the records to one publisher registry, and fixes the EIP-712 domain, which `eip712Domain()`
    /// tells.
    /// @param registry Who says which keys are live and what is void; fixed for good.
    constructor(IPublisherRegistry registry) EIP712("Firsthand MediaRegistry", "1") {
        // Covers the zero address, and an address of another chain.
        if (address(registry).code.length == 0) revert MediaRegistryNoPublisherRegistry(address(registry));
        _PUBLISHERS = registry;
    }

    /// @inheritdoc IMediaRegistry
    function cancelNonces(uint32 publisherId, address key, uint256 wordIndex, uint256 mask) external {
        bool isLiveKey = msg.sender == key && _PUBLISHERS.isLive(publisherId, key);
        if (!isLiveKey && _PUBLISHERS.custodyOf(publisherId) != msg.sender) {
            revert MediaRegistryCallerMayNotCancel(publisherId, key, msg.sender);
        }
        _nonces[publisherId][key][wordIndex] |= mask;
        emit NoncesCancelled(publisherId, key, wordIndex, mask);
    }

    /// @inheritdoc IMediaRegistry
    function publisherRegistry() external view returns (IPublisherRegistry registry) {
        return _PUBLISHERS;
    }

    /// @inheritdoc IMediaRegistry
    function noncesOf(uint32 publisherId, address key, uint256 wordIndex) external view returns (uint256 bitmap) {
        return _nonces[publisherId][key][wordIndex];
    }

    /// @inheritdoc IMediaRegistry
    function recordIdOf(uint32 publisherId, bytes32 contentDigest) public view returns (bytes32 recordId) {
        return keccak256(abi.encode(block.chainid, address(this), publisherId, contentDigest));
    }

    /// @dev Spends the nonce, once the key is live and signed the request. The caller carries it out in the key's
    /// name.
    function _authorize(uint32 publisherId, bytes32 request, Authorization calldata authorization) internal {
        address key = authorization.key;
        uint256 deadline = authorization.deadline;
        if (block.timestamp > deadline) revert MediaRegistryAuthorizationExpired(deadline, block.timestamp);
        uint256 latest = block.timestamp + Signatures.MAX_AHEAD;
        if (deadline > latest) revert MediaRegistryAuthorizationTooFarAhead(deadline, latest);
        _requireLiveKey(publisherId, key);
        _useNonce(publisherId, key, authorization.nonce);
        if (!Signatures.isValid(key, _hashTypedDataV4(request), authorization.signature)) {
            revert MediaRegistrySignatureInvalid(publisherId, key);
        }
    }

    function _requireLiveKey(uint32 publisherId, address key) internal view {
        if (!_PUBLISHERS.isLive(publisherId, key)) revert MediaRegistrySignerNotLiveKey(publisherId, key);
    }

    function _requireLiveKeyOrCustody(uint32 publisherId) internal view {
        if (_PUBLISHERS.isLive(publisherId, msg.sender)) return;
        if (_PUBLISHERS.custodyOf(publisherId) == msg.sender) return;
        revert MediaRegistryCallerNotLiveKeyOrCustody(publisherId, msg.sender);
    }

    /// @dev The one rule. Nothing stored has the zero address as signer, which is never declared: not void.
    function _isVoid(uint32 publisherId, address signer, uint40 time) internal view returns (bool) {
        return _PUBLISHERS.isVoid(publisherId, signer, time);
    }

    /// @dev The time of this block. The cast loses nothing for 34,000 years.
    function _now() internal view returns (uint40) {
        return uint40(block.timestamp);
    }

    function _useNonce(uint32 publisherId, address key, uint256 nonce) private {
        uint256 bit = 1 << (nonce & 255);
        mapping(uint256 wordIndex => uint256 bitmap) storage bitmaps = _nonces[publisherId][key];
        if (bitmaps[nonce >> 8] & bit != 0) revert MediaRegistryNonceUsed(publisherId, key, nonce);
        bitmaps[nonce >> 8] |= bit;
    }
}
