// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IPublisherRegistry } from "./IPublisherRegistry.sol";

/// @title What publishers claim about original media
/// @notice Holds records: one publisher's claim about one original, named by the SHA-256 of its bytes. Anyone may
/// register the same bytes for their own publisher, and nobody can take a digest away from anybody else.
/// @dev Normative text: docs/protocol.md, sections 1 and 2.2. Three ways in: `register` stores a record that
/// contracts can read; `registerLogged` writes records to the log under one stored root; `registerRoots` stores
/// roots alone. Each also with a live key's signature, so that somebody else pays. Whatever a key signed in a second
/// since which it is declared compromised is void (`IPublisherRegistry.isVoid`): it counts for nothing, and may be
/// written again.
interface IMediaRegistry {
    /// @notice What is stored of a record. Whether it was revoked, superseded or disowned, `stateOf` says.
    enum RecordState {
        None,
        Stored
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

    /// @notice Many claims, field by field: a hundred of them cost a third less than a hundred registrations.
    /// @param contentDigests The content digest of each, 1 to 1,024.
    /// @param manifestDigests The manifest digest of each.
    /// @param heads Three bytes of each: kind, algorithm, number of words.
    /// @param perceptualHashes The words of each, one claim after the other.
    struct Claims {
        bytes32[] contentDigests;
        bytes32[] manifestDigests;
        bytes heads;
        bytes32[] perceptualHashes;
    }

    /// @notice Many claims under one root, published elsewhere.
    /// @param root Root of the tree of their leaves, in the order of the list; not zero.
    /// @param listDigest SHA-256 of the root block of the list of leaves; not zero.
    /// @param count How many leaves there are, 1 to 8,192, as the publisher says.
    struct RootedBatch {
        bytes32 root;
        bytes32 listDigest;
        uint32 count;
    }

    /// @notice A live key's permission for somebody else to send what it signed.
    /// @param key The key.
    /// @param nonce Any number that the key has neither used nor cancelled for this publisher. Numbers of one
    /// `nonce >> 8` share a slot, and are cheaper for it.
    /// @param deadline The last second, by the clock of the chain, at which it holds; at most 30 days ahead.
    /// @param signature The key's EIP-712 signature, or what it accepts by ERC-1271. The signature is tried first.
    struct Authorization {
        address key;
        uint256 nonce;
        uint256 deadline;
        bytes signature;
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
    /// @param commitment As `commitmentOf` forms it.
    struct Record {
        uint32 publisherId;
        address signer;
        uint40 registeredAt;
        uint8 kind;
        uint8 algorithm;
        RecordState state;
        bytes32 commitment;
    }

    /// @notice What is stored of a batch. One slot: 20 + 5 bytes.
    /// @param signer The key that registered it, zero where there is none.
    /// @param registeredAt The time of the block, in seconds.
    struct Batch {
        address signer;
        uint40 registeredAt;
    }

    /// @notice What is stored of a revocation. One slot: 20 + 5 + 1 bytes.
    /// @param signer The key or custody account that revoked, zero where none did.
    /// @param revokedAt The time of the block, in seconds.
    /// @param reason As given, not 0.
    struct Revocation {
        address signer;
        uint40 revokedAt;
        uint8 reason;
    }

    /// @notice What is stored of a supersession. Two slots: 20 + 5 bytes and the digest.
    /// @param signer The key or custody account that superseded, zero where none did.
    /// @param supersededAt The time of the block, in seconds.
    /// @param by The digest that takes the place.
    struct Supersession {
        address signer;
        uint40 supersededAt;
        bytes32 by;
    }

    /// @notice How a publisher's digest stands. Void changes of state are left out.
    /// @param stored Whether a record is stored, void or not. False does not mean unregistered: it may be in a batch.
    /// @param disowned Whether the stored record is void.
    /// @param revoked Whether the publisher revoked the digest, stored or not.
    /// @param reason Why, 0 where not revoked.
    /// @param revokedAt When, 0 where not revoked.
    /// @param revokedBy Who signed that, zero where not revoked.
    /// @param supersededBy The digest that takes its place, zero for none.
    /// @param supersededAt When, 0 where not superseded.
    /// @param supersededSigner Who signed that, zero where not superseded.
    struct DigestState {
        bool stored;
        bool disowned;
        bool revoked;
        uint8 reason;
        uint40 revokedAt;
        address revokedBy;
        bytes32 supersededBy;
        uint40 supersededAt;
        address supersededSigner;
    }

    /// @notice Whether a claim is in a batch, and since when.
    /// @param included Whether the proof leads from the claim to the root of a batch of the publisher.
    /// @param disowned Whether that batch is void.
    /// @param signer The key that registered the batch, zero where not included.
    /// @param registeredAt The time of the block, in seconds, 0 where not included.
    struct Inclusion {
        bool included;
        bool disowned;
        address signer;
        uint40 registeredAt;
    }

    /// @notice A publisher claimed an original.
    /// @dev The indexer assumes:
    /// 1. the publisher was created in an earlier log of the publisher registry.
    /// 2. `signer` was a live key of the publisher in this block, in the order of the logs.
    /// 3. every earlier such event of the `recordId` was void at this log.
    /// 4. `recordId` is `keccak256(abi.encode(chainId, mediaRegistry, publisherId, contentDigest))`.
    /// 5. there are at most 64 words, and none exactly when `algorithm` is 0; `kind` and `contentDigest` are not 0.
    /// 6. the time of its block is `recordOf(recordId).registeredAt`, until a later such event of the `recordId`.
    /// It may not assume that kind and algorithm are known, that a manifest of that digest exists or agrees, or that
    /// the signer sent the transaction.
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

    /// @notice A publisher claimed originals that are in this log alone, under a stored root.
    /// @dev The indexer assumes:
    /// 1. the publisher was created in an earlier log of the publisher registry.
    /// 2. `signer` was a live key of the publisher in this block, in the order of the logs.
    /// 3. every earlier such event of the publisher with this root was void at this log.
    /// 4. `root` is that of the claims' leaves, in their order, as the OpenZeppelin merkle-tree library builds it from
    ///    unsorted leaves; leaves are as `leafOf` forms them.
    /// 5. there are 1 to 1,024 content digests, as many manifest digests, three times as many bytes of `heads`, and as
    ///    many words as the third bytes of `heads` sum to; each claim is as rule 5 of `MediaRegistered` says.
    /// It may not assume that a digest is claimed once: it may be in several batches, twice in one, and stored; nor
    /// that another order of the same claims has another root.
    /// @param publisherId The publisher that claims.
    /// @param root The root.
    /// @param signer The key that registered.
    /// @param contentDigests As in `Claims`.
    /// @param manifestDigests As in `Claims`.
    /// @param heads As in `Claims`.
    /// @param perceptualHashes As in `Claims`.
    event BatchLogged(
        uint32 indexed publisherId,
        bytes32 indexed root,
        address signer,
        bytes32[] contentDigests,
        bytes32[] manifestDigests,
        bytes heads,
        bytes32[] perceptualHashes
    );

    /// @notice A publisher claimed originals whose list is published elsewhere.
    /// @dev The indexer assumes:
    /// 1. the publisher was created in an earlier log of the publisher registry.
    /// 2. `signer` was a live key of the publisher in this block, in the order of the logs.
    /// 3. every earlier such event of the publisher with this root, list and count was void at this log.
    /// 4. `root` and `listDigest` are not zero, and `count` is 1 to 8,192.
    /// It may not assume that there is a list of that digest, that it has `count` leaves or this root: it checks.
    /// @param publisherId The publisher that claims.
    /// @param root The root.
    /// @param signer The key that registered.
    /// @param listDigest SHA-256 of the root block of the list.
    /// @param count How many leaves, as the publisher says.
    event BatchRooted(
        uint32 indexed publisherId,
        bytes32 indexed root,
        address signer,
        bytes32 listDigest,
        uint32 count
    );

    /// @notice A publisher revoked a digest.
    /// @dev The indexer assumes:
    /// 1. the publisher was created in an earlier log of the publisher registry.
    /// 2. `signer` was a live key of the publisher or its custody in this block, in the order of the logs.
    /// 3. every earlier such event of the `recordId` was void at this log.
    /// 4. `recordId` is formed as that of `MediaRegistered`; `reason` and `contentDigest` are not 0.
    /// It may not assume an order: a registration of the digest may come before, after or never.
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

    /// @notice A publisher said that another digest of its own takes the place of this one.
    /// @dev The indexer assumes:
    /// 1. to 3. as of `MediaRevoked`.
    /// 4. `recordId` is formed as that of `MediaRegistered`; `contentDigest` and `supersededBy` are not 0, and
    ///    differ.
    /// It may not assume that either digest is registered, nor that following `supersededBy` ends: two may name each
    /// other.
    /// @param recordId The record, stored or not.
    /// @param publisherId The publisher.
    /// @param contentDigest SHA-256 of the file.
    /// @param signer Who said so.
    /// @param supersededBy SHA-256 of the file that takes its place.
    event MediaSuperseded(
        bytes32 indexed recordId,
        uint32 indexed publisherId,
        bytes32 indexed contentDigest,
        address signer,
        bytes32 supersededBy
    );

    /// @notice Nonces of a key were made useless.
    /// @dev The indexer assumes nothing: no record depends on it.
    /// @param publisherId The publisher.
    /// @param key The key whose nonces they are.
    /// @param wordIndex The nonces' common `nonce >> 8`.
    /// @param mask Bit `nonce & 255` is set for each of them; some may have been used or cancelled before.
    event NoncesCancelled(uint32 indexed publisherId, address indexed key, uint256 wordIndex, uint256 mask);

    /// @notice There is no contract at the address that should be the publisher registry.
    /// @param publisherRegistry The address.
    error MediaRegistryNoPublisherRegistry(address publisherRegistry);

    /// @notice Only a live key of the publisher may register for it.
    /// @param publisherId The publisher.
    /// @param signer The account that sent or signed.
    error MediaRegistrySignerNotLiveKey(uint32 publisherId, address signer);

    /// @notice Only a live key of the publisher, or its custody, may do this.
    /// @param publisherId The publisher.
    /// @param caller The account that asked.
    error MediaRegistryCallerNotLiveKeyOrCustody(uint32 publisherId, address caller);

    /// @notice Only the key itself while it is live, or custody, may cancel the key's nonces.
    /// @param publisherId The publisher.
    /// @param key The key whose nonces they are.
    /// @param caller The account that asked.
    error MediaRegistryCallerMayNotCancel(uint32 publisherId, address key, address caller);

    /// @notice The authorization came too late.
    /// @param deadline The last second at which it holds.
    /// @param blockTime The time of this block.
    error MediaRegistryAuthorizationExpired(uint256 deadline, uint256 blockTime);

    /// @notice An authorization holds for 30 days at most.
    /// @param deadline The last second at which it would hold.
    /// @param latest The latest that it may be now.
    error MediaRegistryAuthorizationTooFarAhead(uint256 deadline, uint256 latest);

    /// @notice The key used this nonce for the publisher already, or it was cancelled.
    /// @param publisherId The publisher.
    /// @param key The key.
    /// @param nonce The nonce.
    error MediaRegistryNonceUsed(uint32 publisherId, address key, uint256 nonce);

    /// @notice The signature is neither the key's own nor accepted by it for exactly this request.
    /// @param publisherId The publisher.
    /// @param key The key that did not sign.
    error MediaRegistrySignatureInvalid(uint32 publisherId, address key);

    /// @notice A call holds 1 to 1,024 items.
    /// @param publisherId The publisher that it was for.
    /// @param count How many it held.
    error MediaRegistryCountOutOfRange(uint32 publisherId, uint256 count);

    /// @notice A claim has one content digest, one manifest digest and three bytes of heads.
    /// @param contentDigests How many there are.
    /// @param manifestDigests How many there are.
    /// @param headBytes How many there are.
    error MediaRegistryClaimsUneven(uint256 contentDigests, uint256 manifestDigests, uint256 headBytes);

    /// @notice The heads speak of other words than there are.
    /// @param spokenOf How many words the heads speak of, so far.
    /// @param words How many there are.
    error MediaRegistryClaimsWordsUneven(uint256 spokenOf, uint256 words);

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

    /// @notice A batch names a root, a list and a count of 1 to 8,192.
    /// @param root Its root.
    /// @param listDigest Its list.
    /// @param count Its count.
    error MediaRegistryBatchIncomplete(bytes32 root, bytes32 listDigest, uint32 count);

    /// @notice A revocation names a reason.
    /// @param contentDigest The digest that was to be revoked.
    error MediaRegistryReasonZero(bytes32 contentDigest);

    /// @notice The publisher revoked the digest already, and it stays so.
    /// @param recordId The record, stored or not.
    error MediaRegistryRevokedBefore(bytes32 recordId);

    /// @notice What takes a digest's place is another digest of a file.
    /// @param contentDigest The digest that was to be superseded.
    /// @param by What was to take its place: zero, or the same.
    error MediaRegistryNoSuccessor(bytes32 contentDigest, bytes32 by);

    /// @notice The publisher superseded the digest already, and it stays so.
    /// @param recordId The record, stored or not.
    error MediaRegistrySupersededBefore(bytes32 recordId);

    /// @notice Stores one record. For a live key of the publisher.
    /// @dev The same content again changes nothing and emits nothing, whichever live key asks; other content reverts,
    /// unless the stored record is void: then this one takes its place, with this time. A revoked digest may be
    /// registered, and stays revoked.
    /// @param publisherId The publisher.
    /// @param registration What it claims.
    /// @return recordId The record, new or not.
    function register(uint32 publisherId, Registration calldata registration) external returns (bytes32 recordId);

    /// @notice As `register`, with a live key's signature of `Register`. For anyone.
    /// @param publisherId The publisher.
    /// @param registration What it claims.
    /// @param authorization The key's permission.
    /// @return recordId The record, new or not.
    function registerFor(
        uint32 publisherId,
        Registration calldata registration,
        Authorization calldata authorization
    ) external returns (bytes32 recordId);

    /// @notice Stores many records, all or none. For a live key of the publisher.
    /// @dev As `register` for each, in order.
    /// @param publisherId The publisher.
    /// @param registrations What it claims, 1 to 1,024.
    function registerMany(uint32 publisherId, Registration[] calldata registrations) external;

    /// @notice As `registerMany`, with a live key's signature of `RegisterMany`. For anyone.
    /// @param publisherId The publisher.
    /// @param registrations What it claims, 1 to 1,024.
    /// @param authorization The key's permission.
    function registerManyFor(
        uint32 publisherId,
        Registration[] calldata registrations,
        Authorization calldata authorization
    ) external;

    /// @notice Writes records to the log under one stored root. For a live key of the publisher.
    /// @dev A list of the same root again changes nothing and emits nothing, unless its batch is void: then this takes
    /// its place.
    /// @param publisherId The publisher.
    /// @param claims What it claims, 1 to 1,024.
    /// @return root The root of their leaves, in their order.
    function registerLogged(uint32 publisherId, Claims calldata claims) external returns (bytes32 root);

    /// @notice As `registerLogged`, with a live key's signature of `RegisterLogged`. For anyone.
    /// @param publisherId The publisher.
    /// @param claims What it claims, 1 to 1,024.
    /// @param authorization The key's permission.
    /// @return root The root of their leaves, in their order.
    function registerLoggedFor(
        uint32 publisherId,
        Claims calldata claims,
        Authorization calldata authorization
    ) external returns (bytes32 root);

    /// @notice Stores the roots of batches whose lists are published elsewhere. For a live key of the publisher.
    /// @dev The same batch again changes nothing and emits nothing, unless it is void: then this takes its place.
    /// @param publisherId The publisher.
    /// @param batches 1 to 1,024.
    function registerRoots(uint32 publisherId, RootedBatch[] calldata batches) external;

    /// @notice As `registerRoots`, with a live key's signature of `RegisterRoots`. For anyone.
    /// @param publisherId The publisher.
    /// @param batches 1 to 1,024.
    /// @param authorization The key's permission.
    function registerRootsFor(
        uint32 publisherId,
        RootedBatch[] calldata batches,
        Authorization calldata authorization
    ) external;

    /// @notice Marks a digest as revoked, registered or not, for good. For a live key of the publisher and for
    /// custody.
    /// @dev Once, unless the earlier revocation is void.
    /// @param publisherId The publisher.
    /// @param contentDigest SHA-256 of the file.
    /// @param reason 1 mistake, 2 rights, 3 privacy, 4 authenticity doubted, 255 other; not 0.
    function revoke(uint32 publisherId, bytes32 contentDigest, uint8 reason) external;

    /// @notice As `revoke`, with a live key's signature of `Revoke`. For anyone.
    /// @param publisherId The publisher.
    /// @param contentDigest SHA-256 of the file.
    /// @param reason As of `revoke`.
    /// @param authorization The key's permission.
    function revokeFor(
        uint32 publisherId,
        bytes32 contentDigest,
        uint8 reason,
        Authorization calldata authorization
    ) external;

    /// @notice Says that another digest of the publisher takes the place of this one, for good. For a live key of the
    /// publisher and for custody.
    /// @dev Once, unless the earlier supersession is void. Neither digest has to be stored: it may be in a batch.
    /// @param publisherId The publisher.
    /// @param contentDigest SHA-256 of the file.
    /// @param by SHA-256 of the file that takes its place.
    function supersede(uint32 publisherId, bytes32 contentDigest, bytes32 by) external;

    /// @notice As `supersede`, with a live key's signature of `Supersede`. For anyone.
    /// @param publisherId The publisher.
    /// @param contentDigest SHA-256 of the file.
    /// @param by SHA-256 of the file that takes its place.
    /// @param authorization The key's permission.
    function supersedeFor(
        uint32 publisherId,
        bytes32 contentDigest,
        bytes32 by,
        Authorization calldata authorization
    ) external;

    /// @notice Makes nonces of a key useless, used or not. For that key while it is live, and for custody.
    /// @param publisherId The publisher.
    /// @param key The key.
    /// @param wordIndex The nonces' common `nonce >> 8`.
    /// @param mask Bit `nonce & 255` set for each of them.
    function cancelNonces(uint32 publisherId, address key, uint256 wordIndex, uint256 mask) external;

    /// @notice The registry that says which keys are live and what is void; fixed for good.
    /// @return registry Its address.
    function publisherRegistry() external view returns (IPublisherRegistry registry);

    /// @notice What is stored of a record.
    /// @param recordId The record.
    /// @return record All zero, with state None, where nothing is stored.
    /// @return disowned Whether it is void: then it counts for nothing.
    function recordOf(bytes32 recordId) external view returns (Record memory record, bool disowned);

    /// @notice How a publisher's digest stands. Not stored does not mean that nobody claims it.
    /// @param publisherId The publisher, existing or not.
    /// @param contentDigest SHA-256 of the file.
    /// @return state Whether it is stored, void, revoked and superseded, when and by whom.
    function stateOf(uint32 publisherId, bytes32 contentDigest) external view returns (DigestState memory state);

    /// @notice What is stored of a revocation, void or not.
    /// @param recordId The record.
    /// @return revocation All zero where there is none.
    function revocationOf(bytes32 recordId) external view returns (Revocation memory revocation);

    /// @notice What is stored of a supersession, void or not.
    /// @param recordId The record.
    /// @return supersession All zero where there is none.
    function supersessionOf(bytes32 recordId) external view returns (Supersession memory supersession);

    /// @notice Whether a logged batch of the publisher holds a claim.
    /// @dev Says that this was claimed, not that nothing else was claimed of the same digest; and `included` is true of
    /// what is void, and of what was revoked: read `disowned`, and ask `stateOf`.
    /// @param publisherId The publisher.
    /// @param root The batch's root.
    /// @param registration The claim.
    /// @param proof The siblings of its leaf, from the leaf on.
    /// @return inclusion Whether it does, since when, and whether that is void.
    function verifyLogged(
        uint32 publisherId,
        bytes32 root,
        Registration calldata registration,
        bytes32[] calldata proof
    ) external view returns (Inclusion memory inclusion);

    /// @notice Whether a rooted batch of the publisher holds a claim.
    /// @dev As `verifyLogged`. It reverts for what `register` refuses, as a server takes no list with such a claim; a
    /// proof longer than a tree of `count` leaves is deep shows nothing. It cannot say that the list was published, or
    /// has that root.
    /// @param publisherId The publisher.
    /// @param batch The batch.
    /// @param registration The claim.
    /// @param proof The siblings of its leaf, from the leaf on.
    /// @return inclusion Whether it does, since when, and whether that is void.
    function verifyRooted(
        uint32 publisherId,
        RootedBatch calldata batch,
        Registration calldata registration,
        bytes32[] calldata proof
    ) external view returns (Inclusion memory inclusion);

    /// @notice Which of 256 nonces a key has used or cancelled.
    /// @param publisherId The publisher.
    /// @param key The key.
    /// @param wordIndex The nonces' common `nonce >> 8`.
    /// @return bitmap Bit `nonce & 255` is set for each.
    function noncesOf(uint32 publisherId, address key, uint256 wordIndex) external view returns (uint256 bitmap);

    /// @notice The id of a publisher's record of a digest, stored or not.
    /// @param publisherId The publisher, existing or not.
    /// @param contentDigest SHA-256 of the file.
    /// @return recordId `keccak256(abi.encode(chainId, mediaRegistry, publisherId, contentDigest))`.
    function recordIdOf(uint32 publisherId, bytes32 contentDigest) external view returns (bytes32 recordId);

    /// @notice What a record commits to: all of a claim, and whose it is.
    /// @param publisherId The publisher, existing or not.
    /// @param registration The claim.
    /// @return commitment `keccak256(abi.encode(recordId, manifestDigest, kind, algorithm, perceptualHashes))`.
    function commitmentOf(
        uint32 publisherId,
        Registration calldata registration
    ) external view returns (bytes32 commitment);

    /// @notice A claim's leaf in the tree of a batch: that of OpenZeppelin merkle-tree for the values of the
    /// commitment.
    /// @param publisherId The publisher, existing or not.
    /// @param registration The claim.
    /// @return leaf `keccak256(commitment)`.
    function leafOf(uint32 publisherId, Registration calldata registration) external view returns (bytes32 leaf);

    /// @notice How many bits two perceptual hashes differ in.
    /// @param a One hash.
    /// @param b The other.
    /// @return distanceBits 0 to 256.
    function hammingDistance(bytes32 a, bytes32 b) external pure returns (uint256 distanceBits);
}
