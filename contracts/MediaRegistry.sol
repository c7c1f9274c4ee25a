// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { MerkleProof } from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import { Math } from "@openzeppelin/contracts/utils/math/Math.sol";
import { Signers } from "./abstract/Signers.sol";
import { States } from "./abstract/States.sol";
import { IMediaRegistry } from "./interfaces/IMediaRegistry.sol";
import { IPublisherRegistry } from "./interfaces/IPublisherRegistry.sol";
import { Hamming } from "./libraries/Hamming.sol";
import { MerkleRoot } from "./libraries/MerkleRoot.sol";
import { Requests } from "./libraries/Requests.sol";

/// @title MediaRegistry
/// @notice Records of original media and their state. No owner, no fee, not upgradeable.
/// @dev Invariants: a record, a batch, a revocation and a supersession are written once and never change, unless
/// they are void when they are written again; a nonce serves once. The publisher registry and keys are asked by
/// static calls alone, so nothing can re-enter and write.
contract MediaRegistry is States {
    /// @dev 2 KiB of words: a video's representative frames (docs/protocol.md, section 4).
    uint256 private constant _MAX_WORDS = 64;
    /// @dev Kind, algorithm and number of words of a claim in a logged batch, a byte each.
    uint256 private constant _HEAD_BYTES = 3;
    /// @dev Items of a call. More than fit a transaction of 2^24 gas; it bounds what an indexer meets in one log.
    uint256 private constant _MAX_ITEMS = 1_024;
    /// @dev Claims of a rooted batch: a list of a few megabytes, that a server can take at once.
    uint256 private constant _MAX_LEAVES = 8_192;

    mapping(bytes32 recordId => Record record) private _records;
    mapping(bytes32 batchId => Batch batch) private _batches;

    /// @notice Binds the records to one publisher registry.
    /// @param registry Who says which keys are live and what is void; fixed for good.
    constructor(IPublisherRegistry registry) Signers(registry) {}

    /// @inheritdoc IMediaRegistry
    function register(uint32 publisherId, Registration calldata registration) external returns (bytes32 recordId) {
        _requireLiveKey(publisherId, msg.sender);
        return _register(publisherId, msg.sender, registration);
    }

    /// @inheritdoc IMediaRegistry
    function registerFor(
        uint32 publisherId,
        Registration calldata registration,
        Authorization calldata authorization
    ) external returns (bytes32 recordId) {
        _authorize(publisherId, Requests.register(publisherId, registration, authorization), authorization);
        return _register(publisherId, authorization.key, registration);
    }

    /// @inheritdoc IMediaRegistry
    function registerMany(uint32 publisherId, Registration[] calldata registrations) external {
        _requireLiveKey(publisherId, msg.sender);
        _registerMany(publisherId, msg.sender, registrations);
    }

    /// @inheritdoc IMediaRegistry
    function registerManyFor(
        uint32 publisherId,
        Registration[] calldata registrations,
        Authorization calldata authorization
    ) external {
        _authorize(publisherId, Requests.registerMany(publisherId, registrations, authorization), authorization);
        _registerMany(publisherId, authorization.key, registrations);
    }

    /// @inheritdoc IMediaRegistry
    function registerLogged(uint32 publisherId, Claims calldata claims) external returns (bytes32 root) {
        _requireLiveKey(publisherId, msg.sender);
        root = MerkleRoot.compute(_leavesOf(publisherId, claims));
        _registerLogged(publisherId, msg.sender, root, claims);
    }

    /// @inheritdoc IMediaRegistry
    function registerLoggedFor(
        uint32 publisherId,
        Claims calldata claims,
        Authorization calldata authorization
    ) external returns (bytes32 root) {
        bytes32[] memory leaves = _leavesOf(publisherId, claims);
        _authorize(publisherId, Requests.registerLogged(publisherId, leaves, authorization), authorization);
        root = MerkleRoot.compute(leaves);
        _registerLogged(publisherId, authorization.key, root, claims);
    }

    /// @inheritdoc IMediaRegistry
    function registerRoots(uint32 publisherId, RootedBatch[] calldata batches) external {
        _requireLiveKey(publisherId, msg.sender);
        _registerRoots(publisherId, msg.sender, batches);
    }

    /// @inheritdoc IMediaRegistry
    function registerRootsFor(
        uint32 publisherId,
        RootedBatch[] calldata batches,
        Authorization calldata authorization
    ) external {
        _authorize(publisherId, Requests.registerRoots(publisherId, batches, authorization), authorization);
        _registerRoots(publisherId, authorization.key, batches);
    }

    /// @inheritdoc IMediaRegistry
    function recordOf(bytes32 recordId) external view returns (Record memory record, bool disowned) {
        record = _records[recordId];
        disowned = _isVoid(record.publisherId, record.signer, record.registeredAt);
    }

    /// @inheritdoc IMediaRegistry
    function stateOf(uint32 publisherId, bytes32 contentDigest) external view returns (DigestState memory state) {
        bytes32 recordId = recordIdOf(publisherId, contentDigest);
        Record storage record = _records[recordId];
        state.stored = record.state != RecordState.None;
        state.disowned = _isVoid(publisherId, record.signer, record.registeredAt);
        _addState(state, publisherId, recordId);
    }

    /// @inheritdoc IMediaRegistry
    function verifyLogged(
        uint32 publisherId,
        bytes32 root,
        Registration calldata registration,
        bytes32[] calldata proof
    ) external view returns (Inclusion memory inclusion) {
        if (!MerkleProof.verifyCalldata(proof, root, leafOf(publisherId, registration))) return inclusion;
        return _inclusionIn(publisherId, _loggedId(publisherId, root));
    }

    /// @inheritdoc IMediaRegistry
    function verifyRooted(
        uint32 publisherId,
        RootedBatch calldata batch,
        Registration calldata registration,
        bytes32[] calldata proof
    ) external view returns (Inclusion memory inclusion) {
        _check(publisherId, registration);
        // In a tree of `count` leaves none lies deeper.
        if (proof.length > Math.log2(batch.count, Math.Rounding.Ceil)) return inclusion;
        if (!MerkleProof.verifyCalldata(proof, batch.root, leafOf(publisherId, registration))) return inclusion;
        return _inclusionIn(publisherId, _rootedId(publisherId, batch));
    }

    /// @inheritdoc IMediaRegistry
    function hammingDistance(bytes32 a, bytes32 b) external pure returns (uint256 distanceBits) {
        return Hamming.distance(a, b);
    }

    /// @inheritdoc IMediaRegistry
    function commitmentOf(
        uint32 publisherId,
        Registration calldata registration
    ) public view returns (bytes32 commitment) {
        return _commitment(recordIdOf(publisherId, registration.contentDigest), registration);
    }

    /// @inheritdoc IMediaRegistry
    function leafOf(uint32 publisherId, Registration calldata registration) public view returns (bytes32 leaf) {
        return _leaf(commitmentOf(publisherId, registration));
    }

    function _registerMany(uint32 publisherId, address signer, Registration[] calldata registrations) private {
        _requireCount(publisherId, registrations.length);
        for (uint256 i = 0; i < registrations.length; ++i) {
            _register(publisherId, signer, registrations[i]);
        }
    }

    /// @dev Checks the registration, and writes it unless it is there. The caller has checked the key.
    function _register(
        uint32 publisherId,
        address signer,
        Registration calldata registration
    ) private returns (bytes32 recordId) {
        _check(publisherId, registration);
        recordId = recordIdOf(publisherId, registration.contentDigest);
        bytes32 commitment = _commitment(recordId, registration);
        Record storage record = _records[recordId];
        if (record.state == RecordState.None || _isVoid(publisherId, record.signer, record.registeredAt)) {
            _unsafeStore(recordId, publisherId, signer, commitment, registration);
        } else if (record.commitment != commitment) {
            revert MediaRegistryRecordExists(recordId);
        }
    }

    /// @dev Writes and emits without any check.
    function _unsafeStore(
        bytes32 recordId,
        uint32 publisherId,
        address signer,
        bytes32 commitment,
        Registration calldata registration
    ) private {
        _records[recordId] = Record({
            publisherId: publisherId,
            signer: signer,
            registeredAt: _now(),
            kind: registration.kind,
            algorithm: registration.algorithm,
            state: RecordState.Stored,
            commitment: commitment
        });
        emit MediaRegistered({
            recordId: recordId,
            publisherId: publisherId,
            contentDigest: registration.contentDigest,
            signer: signer,
            kind: registration.kind,
            algorithm: registration.algorithm,
            manifestDigest: registration.manifestDigest,
            perceptualHashes: registration.perceptualHashes
        });
    }

    /// @dev Writes the batch unless it is there. The caller has checked the claims and the key.
    function _registerLogged(uint32 publisherId, address signer, bytes32 root, Claims calldata claims) private {
        if (!_storeBatch(publisherId, signer, _loggedId(publisherId, root))) return;
        emit BatchLogged({
            publisherId: publisherId,
            root: root,
            signer: signer,
            contentDigests: claims.contentDigests,
            manifestDigests: claims.manifestDigests,
            heads: claims.heads,
            perceptualHashes: claims.perceptualHashes
        });
    }

    /// @dev Checks each batch, and writes it unless it is there. The caller has checked the key.
    function _registerRoots(uint32 publisherId, address signer, RootedBatch[] calldata batches) private {
        _requireCount(publisherId, batches.length);
        for (uint256 i = 0; i < batches.length; ++i) {
            RootedBatch calldata batch = batches[i];
            if (batch.root == 0 || batch.listDigest == 0 || batch.count == 0 || batch.count > _MAX_LEAVES) {
                revert MediaRegistryBatchIncomplete(batch.root, batch.listDigest, batch.count);
            }
            if (!_storeBatch(publisherId, signer, _rootedId(publisherId, batch))) continue;
            emit BatchRooted(publisherId, batch.root, signer, batch.listDigest, batch.count);
        }
    }

    /// @dev False, and nothing written, where the batch is there and not void. The caller emits.
    function _storeBatch(uint32 publisherId, address signer, bytes32 batchId) private returns (bool isNew) {
        Batch storage batch = _batches[batchId];
        if (batch.signer != address(0) && !_isVoid(publisherId, batch.signer, batch.registeredAt)) return false;
        _batches[batchId] = Batch({ signer: signer, registeredAt: _now() });
        return true;
    }

    /// @dev Checks each claim. The words of all stand in one list, so each claim's begin where those before it end.
    function _leavesOf(uint32 publisherId, Claims calldata claims) private view returns (bytes32[] memory leaves) {
        uint256 count = claims.contentDigests.length;
        _requireCount(publisherId, count);
        if (claims.manifestDigests.length != count || claims.heads.length != _HEAD_BYTES * count) {
            revert MediaRegistryClaimsUneven(count, claims.manifestDigests.length, claims.heads.length);
        }
        leaves = new bytes32[](count);
        uint256 used = 0;
        for (uint256 i = 0; i < count; ++i) {
            (leaves[i], used) = _leafAt(publisherId, claims, i, used);
        }
        uint256 words = claims.perceptualHashes.length;
        if (used != words) revert MediaRegistryClaimsWordsUneven(used, words);
    }

    /// @dev The leaf of one claim, and where its words end. A slice beyond the list of words reverts.
    function _leafAt(
        uint32 publisherId,
        Claims calldata claims,
        uint256 i,
        uint256 start
    ) private view returns (bytes32 leaf, uint256 end) {
        bytes32 digest = claims.contentDigests[i];
        bytes calldata head = claims.heads[_HEAD_BYTES * i:_HEAD_BYTES * (i + 1)];
        end = start + uint8(head[2]);
        if (end > claims.perceptualHashes.length) {
            revert MediaRegistryClaimsWordsUneven(end, claims.perceptualHashes.length);
        }
        bytes32[] calldata words = claims.perceptualHashes[start:end];
        _check(publisherId, digest, uint8(head[0]), uint8(head[1]), words.length);
        bytes32 recordId = recordIdOf(publisherId, digest);
        leaf = _leaf(_commit(recordId, claims.manifestDigests[i], uint8(head[0]), uint8(head[1]), words));
    }

    function _inclusionIn(uint32 publisherId, bytes32 batchId) private view returns (Inclusion memory inclusion) {
        Batch storage batch = _batches[batchId];
        address signer = batch.signer;
        if (signer == address(0)) return inclusion;
        uint40 time = batch.registeredAt;
        return
            Inclusion({
                included: true,
                disowned: _isVoid(publisherId, signer, time),
                signer: signer,
                registeredAt: time
            });
    }

    function _requireCount(uint32 publisherId, uint256 count) private pure {
        if (count == 0 || count > _MAX_ITEMS) revert MediaRegistryCountOutOfRange(publisherId, count);
    }

    function _check(uint32 publisherId, Registration calldata registration) private pure {
        _check(
            publisherId,
            registration.contentDigest,
            registration.kind,
            registration.algorithm,
            registration.perceptualHashes.length
        );
    }

    function _check(uint32 publisherId, bytes32 digest, uint8 kind, uint8 algorithm, uint256 words) private pure {
        if (digest == 0) revert MediaRegistryContentDigestZero(publisherId);
        if (kind == 0) revert MediaRegistryKindZero(digest);
        if (words > _MAX_WORDS) revert MediaRegistryTooManyWords(digest, words);
        if ((algorithm == 0) != (words == 0)) revert MediaRegistryWordsUnlikeAlgorithm(digest, algorithm, words);
    }

    function _commitment(bytes32 recordId, Registration calldata registration) private pure returns (bytes32) {
        return
            _commit(
                recordId,
                registration.manifestDigest,
                registration.kind,
                registration.algorithm,
                registration.perceptualHashes
            );
    }

    function _commit(
        bytes32 recordId,
        bytes32 manifestDigest,
        uint8 kind,
        uint8 algorithm,
        bytes32[] calldata words
    ) private pure returns (bytes32) {
        return keccak256(abi.encode(recordId, manifestDigest, kind, algorithm, words));
    }

    function _leaf(bytes32 commitment) private pure returns (bytes32) {
        return keccak256(abi.encode(commitment));
    }

    /// @dev Two words: never the id of a rooted batch, which hashes four.
    function _loggedId(uint32 publisherId, bytes32 root) private pure returns (bytes32) {
        return keccak256(abi.encode(publisherId, root));
    }

    /// @dev All that the event says of the batch, so that the same again is the same.
    function _rootedId(uint32 publisherId, RootedBatch calldata batch) private pure returns (bytes32) {
        return keccak256(abi.encode(publisherId, batch.root, batch.listDigest, batch.count));
    }
}
