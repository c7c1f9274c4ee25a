// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { ECDSA } from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import { EIP712 } from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import { SignatureChecker } from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import { IPublisherRegistry } from "./interfaces/IPublisherRegistry.sol";

/// @title PublisherRegistry
/// @notice Publishers, their custody and their keys. No owner, no fee, not upgradeable.
/// @dev Invariants: `_custody` and `_publisherIds` are inverse to each other; an id is given once; a key's state only
/// moves forwards. Calls into other contracts are static (ERC-1271), so nothing can re-enter and write.
contract PublisherRegistry is IPublisherRegistry, EIP712 {
    // An EIP-712 type has no short form, and the compiler hashes it.
    // solhint-disable gas-small-strings
    bytes32 private constant _KEY_CONSENT_TYPEHASH = keccak256(
        "KeyConsent(uint32 publisherId,address key,uint256 deadline)"
    );
    // solhint-enable gas-small-strings

    uint32 private _lastPublisherId;
    mapping(uint32 publisherId => address custody) private _custody;
    mapping(address custody => uint32 publisherId) private _publisherIds;
    mapping(uint32 publisherId => mapping(address key => KeyState state)) private _keys;

    /// @notice Fixes the name and version of the EIP-712 domain, which `eip712Domain()` tells (ERC-5267).
    constructor() EIP712("Firsthand PublisherRegistry", "1") {}

    /// @inheritdoc IPublisherRegistry
    function createPublisher(string calldata profileUri, bytes32 profileDigest) external returns (uint32 publisherId) {
        uint32 present = _publisherIds[msg.sender];
        if (present != 0) revert PublisherRegistryCustodyTaken(msg.sender, present);
        // Checked: after 2^32 - 1 publishers this reverts rather than give id 0.
        publisherId = ++_lastPublisherId;
        _custody[publisherId] = msg.sender;
        _publisherIds[msg.sender] = publisherId;
        emit PublisherCreated(publisherId, msg.sender);
        emit ProfileChanged(publisherId, profileUri, profileDigest);
    }

    /// @inheritdoc IPublisherRegistry
    function addKey(uint32 publisherId, address key, uint256 deadline, bytes calldata consent) external {
        _requireCustody(publisherId);
        if (key == address(0)) revert PublisherRegistryKeyZero(publisherId);
        if (block.timestamp > deadline) revert PublisherRegistryConsentExpired(deadline, block.timestamp);
        KeyState state = _keys[publisherId][key];
        if (state == KeyState.Live) revert PublisherRegistryKeyLive(publisherId, key);
        if (state == KeyState.Ended) revert PublisherRegistryKeyEnded(publisherId, key);
        bytes32 digest = _consentDigest(publisherId, key, deadline);
        if (!_hasSigned(key, digest, consent)) revert PublisherRegistryConsentInvalid(publisherId, key);
        _keys[publisherId][key] = KeyState.Live;
        emit KeyAdded(publisherId, key);
    }

    /// @inheritdoc IPublisherRegistry
    function endKey(uint32 publisherId, address key) external {
        if (msg.sender != key && msg.sender != _custody[publisherId]) {
            revert PublisherRegistryCallerNotCustodyOrKey(publisherId, key, msg.sender);
        }
        if (!isLive(publisherId, key)) revert PublisherRegistryKeyNotLive(publisherId, key);
        _keys[publisherId][key] = KeyState.Ended;
        emit KeyEnded(publisherId, key);
    }

    /// @inheritdoc IPublisherRegistry
    function setProfile(uint32 publisherId, string calldata uri, bytes32 digest) external {
        _requireCustody(publisherId);
        emit ProfileChanged(publisherId, uri, digest);
    }

    /// @inheritdoc IPublisherRegistry
    function custodyOf(uint32 publisherId) external view returns (address custody) {
        return _custody[publisherId];
    }

    /// @inheritdoc IPublisherRegistry
    function isLive(uint32 publisherId, address key) public view returns (bool live) {
        return _keys[publisherId][key] == KeyState.Live;
    }

    /// @dev Refuses an unknown publisher too: its custody is the zero address, which sends no transaction.
    function _requireCustody(uint32 publisherId) private view {
        if (msg.sender != _custody[publisherId]) revert PublisherRegistryCallerNotCustody(publisherId, msg.sender);
    }

    /// @dev What a key signs to consent.
    function _consentDigest(uint32 publisherId, address key, uint256 deadline) private view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(_KEY_CONSENT_TYPEHASH, publisherId, key, deadline)));
    }

    /// @dev ECDSA first, whether or not the key has code: OpenZeppelin's `isValidSignatureNow` asks an account with
    /// EIP-7702 code by ERC-1271 only, and would refuse its plain signature.
    function _hasSigned(address key, bytes32 digest, bytes calldata signature) private view returns (bool) {
        (address signer, , ) = ECDSA.tryRecoverCalldata(digest, signature);
        // An invalid signature recovers to the zero address, which is no key.
        return signer == key || SignatureChecker.isValidERC1271SignatureNowCalldata(key, digest, signature);
    }
}
