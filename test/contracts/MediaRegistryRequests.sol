// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IMediaRegistry } from "../../contracts/interfaces/IMediaRegistry.sol";
import { MediaRegistryHelpers } from "./MediaRegistryFixture.sol";
import { vm } from "./Vm.sol";

/// @dev Signed requests of every kind, formed by the types of docs/protocol.md alone.
abstract contract MediaRegistryRequests is MediaRegistryHelpers {
    string private constant _REGISTRATION =
        "Registration(bytes32 contentDigest,bytes32 manifestDigest,uint8 kind,uint8 algorithm,bytes32[] perceptualHashes)";
    string private constant _BATCH = "RootedBatch(bytes32 root,bytes32 listDigest,uint32 count)";
    string private constant _END = "uint256 nonce,uint256 deadline)";
    string private constant _BEGIN = "(uint32 publisherId,address key,";

    /// @dev `what` modulo 6: register, register many, logged, roots, revoke, supersede.
    struct Request {
        uint8 what;
        IMediaRegistry.Registration registration;
        IMediaRegistry.RootedBatch batch;
        uint8 reason;
        bytes32 by_;
        bytes32 structHash;
        IMediaRegistry.Authorization by;
    }

    function _request(
        uint256 seed,
        uint8 what,
        uint256 nonce,
        uint256 deadline
    ) internal view returns (Request memory request) {
        request.what = what % 6;
        request.registration = _any(seed);
        request.batch = IMediaRegistry.RootedBatch(
            keccak256(abi.encode(seed, 1)),
            keccak256(abi.encode(seed, 2)),
            8_192
        );
        request.reason = uint8(1 + (seed % 255));
        request.by_ = keccak256(abi.encode(seed, 3));
        request.by = IMediaRegistry.Authorization(_key, nonce, deadline, "");
        request.structHash = _structHash(request);
        bytes32 domain = _domainOf("Firsthand MediaRegistry", address(_registry));
        request.by.signature = _sign(1, domain, request.structHash);
    }

    /// @dev A signed `Register` of another key of the publisher.
    function _requestOf(
        uint256 privateKey,
        IMediaRegistry.Registration memory registration,
        uint256 nonce,
        uint256 deadline
    ) internal view returns (Request memory request) {
        request.registration = registration;
        request.by = IMediaRegistry.Authorization(vm.addr(privateKey), nonce, deadline, "");
        request.structHash = _structHash(request);
        bytes32 domain = _domainOf("Firsthand MediaRegistry", address(_registry));
        request.by.signature = _sign(privateKey, domain, request.structHash);
    }

    function _send(Request memory request, address sender) internal {
        bytes memory call = _call(request);
        vm.prank(sender);
        (bool done, bytes memory answer) = address(_registry).call(call);
        if (done) return;
        assembly ("memory-safe") {
            revert(add(answer, 0x20), mload(answer))
        }
    }

    /// @dev Changes what the request is about, and not its signature.
    function _alter(Request memory request, uint8 field) internal pure {
        if (request.what == 3) {
            if (field % 3 == 0) request.batch.root ^= bytes32(uint256(1));
            else if (field % 3 == 1) request.batch.listDigest ^= bytes32(uint256(1));
            else request.batch.count -= 1;
        } else if (request.what == 4 && field % 2 == 0) {
            request.reason = request.reason == 1 ? 2 : 1;
        } else if (request.what == 5 && field % 2 == 0) {
            request.by_ ^= bytes32(uint256(1));
        } else if (request.what > 3) {
            request.registration.contentDigest ^= bytes32(uint256(1));
        } else if (field % 3 == 0) {
            request.registration.manifestDigest ^= bytes32(uint256(1));
        } else if (field % 3 == 1) {
            request.registration.kind = request.registration.kind == 1 ? 2 : 1;
        } else if (request.registration.perceptualHashes.length > 0) {
            request.registration.perceptualHashes[0] ^= bytes32(uint256(1));
        } else {
            request.registration.contentDigest ^= bytes32(uint256(1));
        }
    }

    function _requireDone(Request memory request) internal view {
        bytes32 digest = request.registration.contentDigest;
        IMediaRegistry.DigestState memory state = _registry.stateOf(_id, digest);
        IMediaRegistry.Inclusion memory inclusion;
        if (request.what < 2) {
            _requireRecord(_registry.recordIdOf(_id, digest), request.registration, _key, block.timestamp);
        } else if (request.what == 2) {
            bytes32 root = keccak256(abi.encode(_commitment(request.registration)));
            inclusion = _registry.verifyLogged(_id, root, request.registration, new bytes32[](0));
            require(inclusion.included && inclusion.signer == _key, "logged");
        } else if (request.what == 4) {
            require(state.revoked && state.revokedBy == _key && state.reason == request.reason, "revoked");
        } else if (request.what == 5) {
            require(state.supersededBy == request.by_ && state.supersededSigner == _key, "superseded");
        }
    }

    function _claims(
        IMediaRegistry.Registration[] memory items
    ) internal pure returns (IMediaRegistry.Claims memory claims) {
        uint256 words = 0;
        for (uint256 i = 0; i < items.length; ++i) words += items[i].perceptualHashes.length;
        claims.contentDigests = new bytes32[](items.length);
        claims.manifestDigests = new bytes32[](items.length);
        claims.perceptualHashes = new bytes32[](words);
        uint256 used = 0;
        for (uint256 i = 0; i < items.length; ++i) {
            IMediaRegistry.Registration memory item = items[i];
            claims.contentDigests[i] = item.contentDigest;
            claims.manifestDigests[i] = item.manifestDigest;
            bytes memory head = abi.encodePacked(item.kind, item.algorithm, uint8(item.perceptualHashes.length));
            claims.heads = bytes.concat(claims.heads, head);
            for (uint256 j = 0; j < item.perceptualHashes.length; ++j) {
                claims.perceptualHashes[used++] = item.perceptualHashes[j];
            }
        }
    }

    function _one(
        IMediaRegistry.Registration memory item
    ) internal pure returns (IMediaRegistry.Registration[] memory items) {
        items = new IMediaRegistry.Registration[](1);
        items[0] = item;
    }

    function _oneBatch(
        IMediaRegistry.RootedBatch memory batch
    ) internal pure returns (IMediaRegistry.RootedBatch[] memory batches) {
        batches = new IMediaRegistry.RootedBatch[](1);
        batches[0] = batch;
    }

    function _call(Request memory r) private view returns (bytes memory) {
        bytes32 digest = r.registration.contentDigest;
        if (r.what == 0) return abi.encodeCall(_registry.registerFor, (_id, r.registration, r.by));
        if (r.what == 1) return abi.encodeCall(_registry.registerManyFor, (_id, _one(r.registration), r.by));
        if (r.what == 2) return abi.encodeCall(_registry.registerLoggedFor, (_id, _claims(_one(r.registration)), r.by));
        if (r.what == 3) return abi.encodeCall(_registry.registerRootsFor, (_id, _oneBatch(r.batch), r.by));
        if (r.what == 4) return abi.encodeCall(_registry.revokeFor, (_id, digest, r.reason, r.by));
        return abi.encodeCall(_registry.supersedeFor, (_id, digest, r.by_, r.by));
    }

    function _structHash(Request memory r) private view returns (bytes32) {
        bytes32 digest = r.registration.contentDigest;
        if (r.what > 3) {
            bool revoke = r.what == 4;
            string memory fields =
                revoke ? "bytes32 contentDigest,uint8 reason," : "bytes32 contentDigest,bytes32 supersededBy,";
            bytes32 type_ = keccak256(abi.encodePacked(revoke ? "Revoke" : "Supersede", _BEGIN, fields, _END));
            bytes32 second = revoke ? bytes32(uint256(r.reason)) : r.by_;
            return keccak256(abi.encode(type_, _id, r.by.key, digest, second, r.by.nonce, r.by.deadline));
        }
        (string memory name, string memory field, string memory more, bytes32 value) = _what(r);
        bytes32 typeHash = keccak256(abi.encodePacked(name, _BEGIN, field, _END, more));
        return keccak256(abi.encode(typeHash, _id, r.by.key, value, r.by.nonce, r.by.deadline));
    }

    function _what(
        Request memory r
    ) private view returns (string memory name, string memory field, string memory more, bytes32 value) {
        bytes32 one = _hashOf(r.registration);
        if (r.what == 0) return ("Register", "Registration registration,", _REGISTRATION, one);
        if (r.what == 1) {
            return ("RegisterMany", "Registration[] registrations,", _REGISTRATION, keccak256(abi.encode(one)));
        }
        if (r.what == 2) {
            bytes32 leaf = keccak256(abi.encode(_commitment(r.registration)));
            return ("RegisterLogged", "bytes32[] leaves,", "", keccak256(abi.encode(leaf)));
        }
        bytes32 batchType = keccak256(bytes(_BATCH));
        bytes32 batch = keccak256(abi.encode(batchType, r.batch.root, r.batch.listDigest, r.batch.count));
        return ("RegisterRoots", "RootedBatch[] batches,", _BATCH, keccak256(abi.encode(batch)));
    }

    function _hashOf(IMediaRegistry.Registration memory registration) private pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    keccak256(bytes(_REGISTRATION)),
                    registration.contentDigest,
                    registration.manifestDigest,
                    registration.kind,
                    registration.algorithm,
                    keccak256(abi.encodePacked(registration.perceptualHashes))
                )
            );
    }
}
