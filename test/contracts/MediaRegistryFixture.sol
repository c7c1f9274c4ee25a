// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IMediaRegistry } from "../../contracts/interfaces/IMediaRegistry.sol";
import { MediaRegistry } from "../../contracts/MediaRegistry.sol";
import { PublisherRegistry } from "../../contracts/PublisherRegistry.sol";
import { vm, within } from "./Vm.sol";

/// @dev Any registration, and what tests ask of records; whoever inherits it creates the registries.
abstract contract MediaRegistryHelpers {
    uint256 internal constant _NOW = 1_800_000_000;
    address internal constant _CUSTODY = address(0xC0FFEE);

    PublisherRegistry internal _publishers;
    MediaRegistry internal _registry;
    uint32 internal _id;
    address internal _key;
    address internal _otherKey;
    address internal _endedKey;

    function _create(address custody) internal returns (uint32) {
        vm.prank(custody);
        return _publishers.createPublisher("data:,", 0, address(0));
    }

    function _addKey(address custody, uint32 id, uint256 privateKey) internal returns (address key) {
        key = vm.addr(privateKey);
        bytes memory consent = _consentTo(id, privateKey, _NOW);
        vm.prank(custody);
        _publishers.addKey(id, key, _NOW, consent);
    }

    /// @dev Adds a key to the publisher with a consent up to `deadline`.
    function _addKeyBy(address custody, uint256 privateKey, uint256 deadline) internal {
        bytes memory consent = _consentTo(_id, privateKey, deadline);
        vm.prank(custody);
        _publishers.addKey(_id, vm.addr(privateKey), deadline, consent);
    }

    function _consent(uint256 privateKey, uint256 deadline) internal view returns (uint256, bytes memory) {
        return (deadline, _consentTo(_id, privateKey, deadline));
    }

    function _consentTo(uint32 id, uint256 privateKey, uint256 deadline) private view returns (bytes memory) {
        bytes32 consentType = keccak256("KeyConsent(uint32 publisherId,address custody,address key,uint256 deadline)");
        address custody = _publishers.custodyOf(id);
        bytes32 consent = keccak256(abi.encode(consentType, id, custody, vm.addr(privateKey), deadline));
        return _sign(privateKey, _domainOf("Firsthand PublisherRegistry", address(_publishers)), consent);
    }

    function _sign(uint256 privateKey, bytes32 domain, bytes32 structHash) internal pure returns (bytes memory) {
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", domain, structHash));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(privateKey, digest);
        return abi.encodePacked(r, s, v);
    }

    function _domainOf(string memory name, address verifyingContract) internal view returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                    keccak256(bytes(name)),
                    keccak256("1"),
                    block.chainid,
                    verifyingContract
                )
            );
    }

    /// @dev A valid registration: any kind, any algorithm (none in one of four), up to 64 words.
    function _any(uint256 seed) internal pure returns (IMediaRegistry.Registration memory registration) {
        registration.contentDigest = _word(seed, "content");
        registration.manifestDigest = _word(seed, "manifest");
        registration.kind = uint8(within(uint256(_word(seed, "kind")), 1, 255));
        if (uint256(_word(seed, "none")) % 4 == 0) return registration;
        registration.algorithm = uint8(within(uint256(_word(seed, "algorithm")), 1, 255));
        registration.perceptualHashes = new bytes32[](within(uint256(_word(seed, "count")), 1, 64));
        for (uint256 i = 0; i < registration.perceptualHashes.length; ++i) {
            registration.perceptualHashes[i] = keccak256(abi.encode(seed, i));
        }
    }

    function _batch(uint256 seed, uint256 count) internal pure returns (IMediaRegistry.Registration[] memory batch) {
        batch = new IMediaRegistry.Registration[](count);
        for (uint256 i = 0; i < count; ++i) {
            batch[i] = _any(uint256(keccak256(abi.encode(seed, "batch", i))));
        }
    }

    function _word(uint256 seed, string memory name) private pure returns (bytes32) {
        return keccak256(abi.encode(seed, name));
    }

    function _register(
        address caller,
        IMediaRegistry.Registration memory registration
    ) internal returns (bytes32 recordId) {
        vm.prank(caller);
        return _registry.register(_id, registration);
    }

    function _revoke(address caller, bytes32 digest, uint8 reason) internal {
        vm.prank(caller);
        _registry.revoke(_id, digest, reason);
    }

    function _commitment(IMediaRegistry.Registration memory registration) internal view returns (bytes32) {
        return _commitmentFor(_id, registration);
    }

    function _commitmentFor(
        uint32 id,
        IMediaRegistry.Registration memory registration
    ) internal view returns (bytes32) {
        bytes32 recordId = keccak256(abi.encode(block.chainid, address(_registry), id, registration.contentDigest));
        return
            keccak256(
                abi.encode(
                    recordId,
                    registration.manifestDigest,
                    registration.kind,
                    registration.algorithm,
                    registration.perceptualHashes
                )
            );
    }

    /// @dev Custody declares an account compromised.
    function _declare(address account, uint256 since) internal {
        vm.prank(_CUSTODY);
        _publishers.declareCompromised(_id, account, uint40(since));
    }

    function _requireRecord(
        bytes32 recordId,
        IMediaRegistry.Registration memory registration,
        address signer,
        uint256 time
    ) internal view {
        IMediaRegistry.Record memory expected = IMediaRegistry.Record({
            publisherId: _id,
            signer: signer,
            registeredAt: uint40(time),
            kind: registration.kind,
            algorithm: registration.algorithm,
            state: IMediaRegistry.RecordState.Stored,
            commitment: _commitment(registration)
        });
        (IMediaRegistry.Record memory actual, ) = _registry.recordOf(recordId);
        require(keccak256(abi.encode(actual)) == keccak256(abi.encode(expected)), "record as registered");
    }

    function _recordOf(bytes32 recordId) internal view returns (IMediaRegistry.Record memory record) {
        (record, ) = _registry.recordOf(recordId);
    }

    function _requireNothing(bytes32 recordId) internal view {
        IMediaRegistry.Record memory empty;
        (IMediaRegistry.Record memory actual, bool disowned) = _registry.recordOf(recordId);
        require(keccak256(abi.encode(actual)) == keccak256(abi.encode(empty)) && !disowned, "nothing is stored");
    }
}

/// @dev A publisher with two live keys and an ended one.
abstract contract MediaRegistryFixture is MediaRegistryHelpers {
    function setUp() public {
        vm.warp(_NOW);
        _publishers = new PublisherRegistry();
        _registry = new MediaRegistry(_publishers);
        _id = _create(_CUSTODY);
        _key = _addKey(_CUSTODY, _id, 1);
        _otherKey = _addKey(_CUSTODY, _id, 2);
        _endedKey = _addKey(_CUSTODY, _id, 3);
        vm.prank(_CUSTODY);
        _publishers.endKey(_id, _endedKey);
    }
}
