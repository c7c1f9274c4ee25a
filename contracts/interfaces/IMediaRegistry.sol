// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What publishers claim about original media
/// @notice Holds records: one publisher's claim about one original, named by the SHA-256 of its bytes. Anyone may
/// register the same bytes for their own publisher, and nobody can take a digest away from anybody else.
/// @dev Normative text: docs/protocol.md, sections 1 and 2.2.
interface IMediaRegistry {
    /// @notice What is stored of a record.
    enum RecordState {
        None,
        Active
    }

    /// @notice What a publisher claims about one original.
    /// @param contentDigest SHA-256 of the exact bytes of the file; not zero.
    /// @param manifestDigest SHA-256 of the manifest's root block.
    /// @param kind 1 image, 2 video, 3 audio; others are stored as they are; not 0.
    /// @param algorithm What made the words: 0 none, 1 PDQ, 2 sound; others are stored as they are.
    /// @param perceptualHashes 0 to 64 words of 256 bits; none exactly when `algorithm` is 0.
    struct Registration {
        bytes32 contentDigest;
        bytes32 manifestDigest;
        uint8 kind;
        uint8 algorithm;
        bytes32[] perceptualHashes;
    }

    /// @notice What is stored of a registration; the rest is in the log of `MediaRegistered`.
    /// @dev Two slots: 4 + 20 + 5 + 1 + 1 + 1 bytes fill the first, the commitment is the second. 40 bits of seconds
    /// last for 34,000 years.
    /// @param publisherId The publisher, 0 where nothing is stored.
    /// @param signer The key that registered.
    /// @param registeredAt The time of the block, in seconds.
    /// @param kind As registered.
    /// @param algorithm As registered.
    /// @param state None where nothing is stored.
    /// @param commitment `keccak256(abi.encode(contentDigest, manifestDigest, perceptualHashes))`.
    struct Record {
        uint32 publisherId;
        address signer;
        uint40 registeredAt;
        uint8 kind;
        uint8 algorithm;
        RecordState state;
        bytes32 commitment;
    }

    /// @notice What is stored of a revocation.
    /// @dev One slot: 20 + 5 + 1 + 1 bytes.
    /// @param signer The key or custody account that revoked.
    /// @param revokedAt The time of the block, in seconds.
    /// @param reason As given, not 0.
    /// @param marked True once revoked.
    struct Revocation {
        address signer;
        uint40 revokedAt;
        uint8 reason;
        bool marked;
    }

    /// @notice How a publisher's digest stands.
    /// @param stored Whether a record is stored.
    /// @param revoked Whether the publisher revoked the digest, stored or not.
    /// @param reason Why, 0 where not revoked.
    /// @param revokedAt The time of that block in seconds, 0 where not revoked.
    /// @param revokedBy Who signed that, zero where not revoked.
    struct DigestState {
        bool stored;
        bool revoked;
        uint8 reason;
        uint40 revokedAt;
        address revokedBy;
    }

    /// @notice A publisher claimed an original.
    /// @dev The indexer assumes:
    /// 1. the publisher was created in an earlier log of the publisher registry.
    /// 2. `signer` was a live key of the publisher in this block, in the order of the logs.
    /// 3. there is at most one such event for a `recordId`.
    /// 4. `recordId` is `keccak256(abi.encode(chainId, mediaRegistry, publisherId, contentDigest))`.
    /// 5. there are at most 64 words, and none exactly when `algorithm` is 0; `kind` and `contentDigest` are not 0.
    /// 6. the time of its block is `recordOf(recordId).registeredAt`.
    /// It may not assume that kind and algorithm are known, or that a manifest of that digest exists or agrees.
    /// @param recordId The record.
    /// @param publisherId The publisher that claims.
    /// @param contentDigest SHA-256 of the file.
    /// @param signer The key that registered.
    /// @param kind 1 image, 2 video, 3 audio; others are unknown to this version.
    /// @param algorithm 0 none, 1 PDQ, 2 sound; others are opaque.
    /// @param manifestDigest SHA-256 of the manifest's root block.
    /// @param perceptualHashes The words.
    event MediaRegistered(
        bytes32 indexed recordId,
        uint32 indexed publisherId,
        bytes32 indexed contentDigest,
        address signer,
        uint8 kind,
        uint8 algorithm,
        bytes32 manifestDigest,
        bytes32[] perceptualHashes
    );

    /// @notice A publisher revoked a digest.
    /// @dev The indexer assumes:
    /// 1. the publisher was created in an earlier log of the publisher registry.
    /// 2. `signer` was a live key of the publisher or its custody in this block, in the order of the logs.
    /// 3. there is at most one such event for a `recordId`.
    /// 4. `recordId` is formed as that of `MediaRegistered`; `reason` and `contentDigest` are not 0.
    /// It may not assume an order: a `MediaRegistered` of the `recordId` may come before, after or never.
    /// @param recordId The record, stored or not.
    /// @param publisherId The publisher.
    /// @param contentDigest SHA-256 of the file.
    /// @param signer Who revoked.
    /// @param reason 1 mistake, 2 rights, 3 privacy, 4 authenticity doubted, 255 other; the rest is unknown.
    event MediaRevoked(
        bytes32 indexed recordId,
        uint32 indexed publisherId,
        bytes32 indexed contentDigest,
        address signer,
        uint8 reason
    );

    /// @notice There is no contract at the address that should be the publisher registry.
    /// @param publisherRegistry The address.
    error MediaRegistryNoPublisherRegistry(address publisherRegistry);

    /// @notice Only a live key of the publisher may register for it.
    /// @param publisherId The publisher.
    /// @param caller The account that asked.
    error MediaRegistryCallerNotLiveKey(uint32 publisherId, address caller);

    /// @notice Only a live key of the publisher, or its custody, may revoke for it.
    /// @param publisherId The publisher.
    /// @param caller The account that asked.
    error MediaRegistryCallerNotLiveKeyOrCustody(uint32 publisherId, address caller);

    /// @notice A batch holds at least one registration.
    /// @param publisherId The publisher that it was for.
    error MediaRegistryBatchEmpty(uint32 publisherId);

    /// @notice Zero is no digest of any file.
    /// @param publisherId The publisher that it was for.
    error MediaRegistryContentDigestZero(uint32 publisherId);

    /// @notice A registration names a kind of media.
    /// @param contentDigest The digest that came without.
    error MediaRegistryKindZero(bytes32 contentDigest);

    /// @notice A registration has at most 64 words.
    /// @param contentDigest The digest that came with more.
    /// @param words How many it had.
    error MediaRegistryTooManyWords(bytes32 contentDigest, uint256 words);

    /// @notice Words need an algorithm that made them, and an algorithm makes words.
    /// @param contentDigest The digest that came with one but not the other.
    /// @param algorithm Its algorithm.
    /// @param words How many words it had.
    error MediaRegistryWordsUnlikeAlgorithm(bytes32 contentDigest, uint8 algorithm, uint256 words);

    /// @notice The publisher registered the digest with other content, and a claim is not edited.
    /// @param recordId The record that is stored.
    error MediaRegistryRecordExists(bytes32 recordId);

    /// @notice A revocation names a reason.
    /// @param contentDigest The digest that was to be revoked.
    error MediaRegistryReasonZero(bytes32 contentDigest);

    /// @notice The publisher revoked the digest already, and it stays so.
    /// @param recordId The record, stored or not.
    error MediaRegistryRevokedBefore(bytes32 recordId);

    /// @notice Stores one record. For a live key of the publisher.
    /// @dev The same content again changes nothing and emits nothing, whichever live key asks; other content reverts.
    /// A revoked digest may be registered, and stays revoked.
    /// @param publisherId The publisher.
    /// @param registration What it claims.
    /// @return recordId The record, new or not.
    function register(uint32 publisherId, Registration calldata registration) external returns (bytes32 recordId);

    /// @notice Stores many records, all or none. For a live key of the publisher.
    /// @dev As `register` for each, in order.
    /// @param publisherId The publisher.
    /// @param registrations What it claims, at least one.
    function registerMany(uint32 publisherId, Registration[] calldata registrations) external;

    /// @notice Marks a digest as revoked, registered or not, for good. For a live key of the publisher and for custody.
    /// @param publisherId The publisher.
    /// @param contentDigest SHA-256 of the file.
    /// @param reason 1 mistake, 2 rights, 3 privacy, 4 authenticity doubted, 255 other; not 0.
    function revoke(uint32 publisherId, bytes32 contentDigest, uint8 reason) external;

    /// @notice What is stored of a record.
    /// @param recordId The record.
    /// @return record The record; all zero, with state None, where nothing is stored.
    function recordOf(bytes32 recordId) external view returns (Record memory record);

    /// @notice How a publisher's digest stands. Not stored does not mean that nobody claims it.
    /// @param publisherId The publisher, existing or not.
    /// @param contentDigest SHA-256 of the file.
    /// @return state Whether it is stored, and whether, when, why and by whom it was revoked.
    function stateOf(uint32 publisherId, bytes32 contentDigest) external view returns (DigestState memory state);

    /// @notice The id of a publisher's record of a digest, stored or not.
    /// @param publisherId The publisher, existing or not.
    /// @param contentDigest SHA-256 of the file.
    /// @return recordId `keccak256(abi.encode(chainId, mediaRegistry, publisherId, contentDigest))`.
    function recordIdOf(uint32 publisherId, bytes32 contentDigest) external view returns (bytes32 recordId);
}
