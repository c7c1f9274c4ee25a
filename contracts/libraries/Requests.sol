// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IMediaRegistry } from "../interfaces/IMediaRegistry.sol";

/// @title What a key signs so that somebody else can send it
/// @notice The EIP-712 struct hash of each request to the media registry (docs/protocol.md, section 2.3). Each names
/// the publisher, the key, the nonce and the deadline, so that a signature serves one request of one key once.
library Requests {
    // An EIP-712 type has no short form, and the compiler hashes it.
    // solhint-disable gas-small-strings
    bytes32 private constant _REGISTRATION = keccak256(
        "Registration(bytes32 contentDigest,bytes32 manifestDigest,uint8 kind,uint8 algorithm,"
        "bytes32[] perceptualHashes)"
    );
    bytes32 private constant _ROOTED_BATCH = keccak256("RootedBatch(bytes32 root,bytes32 listDigest,uint32 count)");
    bytes32 private constant _REGISTER = keccak256(
        "Register(uint32 publisherId,address key,Registration registration,uint256 nonce,uint256 deadline)"
        "Registration(bytes32 contentDigest,bytes32 manifestDigest,uint8 kind,uint8 algorithm,"
        "bytes32[] perceptualHashes)"
    );
    bytes32 private constant _REGISTER_MANY = keccak256(
        "RegisterMany(uint32 publisherId,address key,Registration[] registrations,uint256 nonce,uint256 deadline)"
        "Registration(bytes32 contentDigest,bytes32 manifestDigest,uint8 kind,uint8 algorithm,"
        "bytes32[] perceptualHashes)"
    );
    bytes32 private constant _REGISTER_LOGGED = keccak256(
        "RegisterLogged(uint32 publisherId,address key,bytes32[] leaves,uint256 nonce,uint256 deadline)"
    );
    bytes32 private constant _REGISTER_ROOTS = keccak256(
        "RegisterRoots(uint32 publisherId,address key,RootedBatch[] batches,uint256 nonce,uint256 deadline)"
        "RootedBatch(bytes32 root,bytes32 listDigest,uint32 count)"
    );
    bytes32 private constant _REVOKE = keccak256(
        "Revoke(uint32 publisherId,address key,bytes32 contentDigest,uint8 reason,uint256 nonce,uint256 deadline)"
    );
    bytes32 private constant _SUPERSEDE = keccak256(
        "Supersede(uint32 publisherId,address key,bytes32 contentDigest,"
        "bytes32 supersededBy,uint256 nonce,uint256 deadline)"
    );
    // solhint-enable gas-small-strings

    /// @notice The struct hash of `Register`.
    /// @param publisherId The publisher.
    /// @param registration What it claims.
    /// @param by The key, its nonce and its deadline.
    /// @return structHash The hash.
    function register(
        uint32 publisherId,
        IMediaRegistry.Registration calldata registration,
        IMediaRegistry.Authorization calldata by
    ) internal pure returns (bytes32 structHash) {
        return _hash(_REGISTER, publisherId, _registration(registration), by);
    }

    /// @notice The struct hash of `RegisterMany`.
    /// @param publisherId The publisher.
    /// @param registrations What it claims.
    /// @param by The key, its nonce and its deadline.
    /// @return structHash The hash.
    function registerMany(
        uint32 publisherId,
        IMediaRegistry.Registration[] calldata registrations,
        IMediaRegistry.Authorization calldata by
    ) internal pure returns (bytes32 structHash) {
        return _hash(_REGISTER_MANY, publisherId, _registrations(registrations), by);
    }

    /// @notice The struct hash of `RegisterLogged`: the leaves stand for the claims and for their order, which the root
    /// does not tell.
    /// @param publisherId The publisher.
    /// @param leaves Those of the claims, in order.
    /// @param by The key, its nonce and its deadline.
    /// @return structHash The hash.
    function registerLogged(
        uint32 publisherId,
        bytes32[] memory leaves,
        IMediaRegistry.Authorization calldata by
    ) internal pure returns (bytes32 structHash) {
        return _hash(_REGISTER_LOGGED, publisherId, keccak256(abi.encodePacked(leaves)), by);
    }

    /// @notice The struct hash of `RegisterRoots`.
    /// @param publisherId The publisher.
    /// @param batches What it claims.
    /// @param by The key, its nonce and its deadline.
    /// @return structHash The hash.
    function registerRoots(
        uint32 publisherId,
        IMediaRegistry.RootedBatch[] calldata batches,
        IMediaRegistry.Authorization calldata by
    ) internal pure returns (bytes32 structHash) {
        bytes32[] memory hashes = new bytes32[](batches.length);
        for (uint256 i = 0; i < batches.length; ++i) {
            IMediaRegistry.RootedBatch calldata batch = batches[i];
            hashes[i] = keccak256(abi.encode(_ROOTED_BATCH, batch.root, batch.listDigest, batch.count));
        }
        return _hash(_REGISTER_ROOTS, publisherId, keccak256(abi.encodePacked(hashes)), by);
    }

    /// @notice The struct hash of `Revoke`.
    /// @param publisherId The publisher.
    /// @param contentDigest What is revoked.
    /// @param reason Why.
    /// @param by The key, its nonce and its deadline.
    /// @return structHash The hash.
    function revoke(
        uint32 publisherId,
        bytes32 contentDigest,
        uint8 reason,
        IMediaRegistry.Authorization calldata by
    ) internal pure returns (bytes32 structHash) {
        return keccak256(abi.encode(_REVOKE, publisherId, by.key, contentDigest, reason, by.nonce, by.deadline));
    }

    /// @notice The struct hash of `Supersede`.
    /// @param publisherId The publisher.
    /// @param contentDigest What is superseded.
    /// @param supersededBy What takes its place.
    /// @param by The key, its nonce and its deadline.
    /// @return structHash The hash.
    function supersede(
        uint32 publisherId,
        bytes32 contentDigest,
        bytes32 supersededBy,
        IMediaRegistry.Authorization calldata by
    ) internal pure returns (bytes32 structHash) {
        return
            keccak256(abi.encode(_SUPERSEDE, publisherId, by.key, contentDigest, supersededBy, by.nonce, by.deadline));
    }

    /// @dev The form that all requests to register share: publisher, key, what, nonce, deadline.
    function _hash(
        bytes32 typeHash,
        uint32 publisherId,
        bytes32 what,
        IMediaRegistry.Authorization calldata by
    ) private pure returns (bytes32) {
        return keccak256(abi.encode(typeHash, publisherId, by.key, what, by.nonce, by.deadline));
    }

    function _registrations(IMediaRegistry.Registration[] calldata registrations) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](registrations.length);
        for (uint256 i = 0; i < registrations.length; ++i) {
            hashes[i] = _registration(registrations[i]);
        }
        return keccak256(abi.encodePacked(hashes));
    }

    function _registration(IMediaRegistry.Registration calldata registration) private pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    _REGISTRATION,
                    registration.contentDigest,
                    registration.manifestDigest,
                    registration.kind,
                    registration.algorithm,
                    keccak256(abi.encodePacked(registration.perceptualHashes))
                )
            );
    }
}
