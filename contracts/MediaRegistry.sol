// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IMediaRegistry } from "./interfaces/IMediaRegistry.sol";
import { IPublisherRegistry } from "./interfaces/IPublisherRegistry.sol";

/// @title MediaRegistry
/// @notice Records of original media and their revocations. No owner, no fee, not upgradeable.
/// @dev Invariants: a record and a revocation are written once and never change. The publisher registry is asked by
/// static calls alone, so nothing can re-enter and write.
contract MediaRegistry is IMediaRegistry {
    /// @dev 2 KiB of words: a video's representative frames (docs/protocol.md, section 4).
    uint256 private constant _MAX_WORDS = 64;

    IPublisherRegistry private immutable _PUBLISHERS;

    mapping(bytes32 recordId => Record record) private _records;
    mapping(bytes32 recordId => Revocation revocation) private _revocations;

    /// @notice Binds the records to one publisher registry.
    /// @param publisherRegistry Who says which keys are live; fixed for good.
    constructor(IPublisherRegistry publisherRegistry) {
        address registry = address(publisherRegistry);
        // Covers the zero address, and an address of another chain.
        if (registry.code.length == 0) revert MediaRegistryNoPublisherRegistry(registry);
        _PUBLISHERS = publisherRegistry;
    }

    /// @inheritdoc IMediaRegistry
    function register(uint32 publisherId, Registration calldata registration) external returns (bytes32 recordId) {
        _requireLiveKey(publisherId);
        return _register(publisherId, registration);
    }

    /// @inheritdoc IMediaRegistry
    function registerMany(uint32 publisherId, Registration[] calldata registrations) external {
        if (registrations.length == 0) revert MediaRegistryBatchEmpty(publisherId);
        _requireLiveKey(publisherId);
        for (uint256 i = 0; i < registrations.length; ++i) {
            _register(publisherId, registrations[i]);
        }
    }

    /// @inheritdoc IMediaRegistry
    function revoke(uint32 publisherId, bytes32 contentDigest, uint8 reason) external {
        _requireLiveKeyOrCustody(publisherId);
        if (contentDigest == 0) revert MediaRegistryContentDigestZero(publisherId);
        if (reason == 0) revert MediaRegistryReasonZero(contentDigest);
        bytes32 recordId = recordIdOf(publisherId, contentDigest);
        if (_revocations[recordId].marked) revert MediaRegistryRevokedBefore(recordId);
        _revocations[recordId] = Revocation({ signer: msg.sender, revokedAt: _now(), reason: reason, marked: true });
        emit MediaRevoked(recordId, publisherId, contentDigest, msg.sender, reason);
    }

    /// @inheritdoc IMediaRegistry
    function recordOf(bytes32 recordId) external view returns (Record memory record) {
        return _records[recordId];
    }

    /// @inheritdoc IMediaRegistry
    function stateOf(uint32 publisherId, bytes32 contentDigest) external view returns (DigestState memory state) {
        bytes32 recordId = recordIdOf(publisherId, contentDigest);
        Revocation storage revocation = _revocations[recordId];
        return
            DigestState({
                stored: _records[recordId].state != RecordState.None,
                revoked: revocation.marked,
                reason: revocation.reason,
                revokedAt: revocation.revokedAt,
                revokedBy: revocation.signer
            });
    }

    /// @inheritdoc IMediaRegistry
    function recordIdOf(uint32 publisherId, bytes32 contentDigest) public view returns (bytes32 recordId) {
        return keccak256(abi.encode(block.chainid, address(this), publisherId, contentDigest));
    }

    /// @dev Checks the registration, and writes it unless it is there. The caller has checked the key.
    function _register(uint32 publisherId, Registration calldata registration) private returns (bytes32 recordId) {
        _checkRegistration(publisherId, registration);
        recordId = recordIdOf(publisherId, registration.contentDigest);
        bytes32 commitment = _commitmentOf(registration);
        Record storage record = _records[recordId];
        if (record.state == RecordState.None) {
            _unsafeStore(recordId, publisherId, commitment, registration);
        } else if (!_isSame(record, commitment, registration)) {
            revert MediaRegistryRecordExists(recordId);
        }
    }

    /// @dev Writes and emits without any check.
    function _unsafeStore(
        bytes32 recordId,
        uint32 publisherId,
        bytes32 commitment,
        Registration calldata registration
    ) private {
        _records[recordId] = Record({
            publisherId: publisherId,
            signer: msg.sender,
            registeredAt: _now(),
            kind: registration.kind,
            algorithm: registration.algorithm,
            state: RecordState.Active,
            commitment: commitment
        });
        emit MediaRegistered({
            recordId: recordId,
            publisherId: publisherId,
            contentDigest: registration.contentDigest,
            signer: msg.sender,
            kind: registration.kind,
            algorithm: registration.algorithm,
            manifestDigest: registration.manifestDigest,
            perceptualHashes: registration.perceptualHashes
        });
    }

    function _requireLiveKey(uint32 publisherId) private view {
        if (!_PUBLISHERS.isLive(publisherId, msg.sender)) revert MediaRegistryCallerNotLiveKey(publisherId, msg.sender);
    }

    function _requireLiveKeyOrCustody(uint32 publisherId) private view {
        if (_PUBLISHERS.isLive(publisherId, msg.sender)) return;
        if (_PUBLISHERS.custodyOf(publisherId) == msg.sender) return;
        revert MediaRegistryCallerNotLiveKeyOrCustody(publisherId, msg.sender);
    }

    /// @dev The time of this block. The cast loses nothing for 34,000 years.
    function _now() private view returns (uint40) {
        return uint40(block.timestamp);
    }

    /// @dev Whether a registration says what is stored. The commitment covers all but kind and algorithm.
    function _isSame(
        Record storage record,
        bytes32 commitment,
        Registration calldata registration
    ) private view returns (bool) {
        return
            record.commitment == commitment &&
            record.kind == registration.kind &&
            record.algorithm == registration.algorithm;
    }

    function _checkRegistration(uint32 publisherId, Registration calldata registration) private pure {
        bytes32 digest = registration.contentDigest;
        uint8 algorithm = registration.algorithm;
        uint256 words = registration.perceptualHashes.length;
        if (digest == 0) revert MediaRegistryContentDigestZero(publisherId);
        if (registration.kind == 0) revert MediaRegistryKindZero(digest);
        if (words > _MAX_WORDS) revert MediaRegistryTooManyWords(digest, words);
        if ((algorithm == 0) != (words == 0)) revert MediaRegistryWordsUnlikeAlgorithm(digest, algorithm, words);
    }

    function _commitmentOf(Registration calldata registration) private pure returns (bytes32) {
        return
            keccak256(
                abi.encode(registration.contentDigest, registration.manifestDigest, registration.perceptualHashes)
            );
    }
}
