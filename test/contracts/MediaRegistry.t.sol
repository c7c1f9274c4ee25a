// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IMediaRegistry } from "../../contracts/interfaces/IMediaRegistry.sol";
import { IPublisherRegistry } from "../../contracts/interfaces/IPublisherRegistry.sol";
import { MediaRegistry } from "../../contracts/MediaRegistry.sol";
import { MediaRegistryFixture } from "./MediaRegistryFixture.sol";
import { Vm, vm, within } from "./Vm.sol";

/// @dev Fuzz tests of what registering does and refuses. Revoking is in MediaRegistryRevocation.t.sol.
contract MediaRegistryTest is MediaRegistryFixture {
    function test_aPublisherRegistryIsAContract(address registry) public {
        vm.assume(registry.code.length == 0);
        bytes4 refusal = IMediaRegistry.MediaRegistryNoPublisherRegistry.selector;
        vm.expectRevert(abi.encodeWithSelector(refusal, registry));
        new MediaRegistry(IPublisherRegistry(registry));
    }

    function test_aRecordIdNamesChainContractPublisherAndDigest(uint32 chain, uint32 id, bytes32 digest) public {
        vm.assume(chain != 0);
        vm.chainId(chain);
        bytes memory parts = abi.encode(uint256(chain), address(_registry), id, digest);
        require(_registry.recordIdOf(id, digest) == keccak256(parts), "record id");
    }

    function test_aRegistrationIsStoredAndLogged(uint256 seed, uint32 later) public {
        IMediaRegistry.Registration memory registration = _any(seed);
        bytes32 recordId = _registry.recordIdOf(_id, registration.contentDigest);
        vm.warp(_NOW + later);
        vm.expectEmit(address(_registry));
        emit IMediaRegistry.MediaRegistered({
            recordId: recordId,
            publisherId: _id,
            contentDigest: registration.contentDigest,
            signer: _key,
            kind: registration.kind,
            algorithm: registration.algorithm,
            manifestDigest: registration.manifestDigest,
            perceptualHashes: registration.perceptualHashes
        });
        require(_register(_key, registration) == recordId, "returned id");
        _requireRecord(recordId, registration, _key, _NOW + later);
    }

    function test_aRecordFillsTwoSlotsAsThePageSays(uint256 seed) public {
        IMediaRegistry.Registration memory registration = _any(seed);
        bytes32 recordId = _register(_key, registration);
        bytes32 slot = keccak256(abi.encode(recordId, uint256(5)));
        // Solidity packs from the low end, so the last field comes first here.
        uint8 state = uint8(IMediaRegistry.RecordState.Stored);
        bytes memory packed = abi.encodePacked(
            abi.encodePacked(state, registration.algorithm, registration.kind),
            abi.encodePacked(uint40(_NOW), _key, _id)
        );
        require(vm.load(address(_registry), slot) == bytes32(packed), "first slot");
        require(vm.load(address(_registry), bytes32(uint256(slot) + 1)) == _commitment(registration), "second slot");
        require(vm.load(address(_registry), bytes32(uint256(slot) + 2)) == 0, "no third slot");
    }

    function test_theSameContentAgainChangesNothing(uint256 seed, bool byOther, uint32 later) public {
        IMediaRegistry.Registration memory registration = _any(seed);
        bytes32 recordId = _register(_key, registration);
        vm.warp(_NOW + later);
        vm.recordLogs();
        require(_register(byOther ? _otherKey : _key, registration) == recordId, "same id");
        require(vm.getRecordedLogs().length == 0, "no log");
        _requireRecord(recordId, registration, _key, _NOW);
    }

    function test_otherContentForTheSameDigestIsRefused(uint256 seed, uint256 otherSeed) public {
        IMediaRegistry.Registration memory registration = _any(seed);
        IMediaRegistry.Registration memory other = _any(otherSeed);
        other.contentDigest = registration.contentDigest;
        vm.assume(keccak256(abi.encode(registration)) != keccak256(abi.encode(other)));
        _refuseAfter(registration, other);
    }

    function test_aChangeOfOneFieldIsOtherContent(uint256 seed, uint8 field) public {
        IMediaRegistry.Registration memory registration = _any(seed);
        IMediaRegistry.Registration memory other = _any(seed);
        if (field % 4 == 0) other.kind = other.kind == 255 ? 1 : other.kind + 1;
        if (field % 4 == 1) other.manifestDigest = ~other.manifestDigest;
        // Words and algorithm cannot change alone where there are none.
        if (field % 4 > 1) vm.assume(other.algorithm != 0);
        if (field % 4 == 2) other.algorithm = other.algorithm == 255 ? 1 : other.algorithm + 1;
        if (field % 4 == 3) other.perceptualHashes[field % other.perceptualHashes.length] ^= bytes32(uint256(1));
        _refuseAfter(registration, other);
    }

    function test_twoPublishersHaveTwoRecordsOfOneDigest(uint256 seed, uint256 otherSeed) public {
        uint32 second = _create(address(0xBEEF));
        _addKey(address(0xBEEF), second, 1);
        IMediaRegistry.Registration memory registration = _any(seed);
        IMediaRegistry.Registration memory other = _any(otherSeed);
        other.contentDigest = registration.contentDigest;
        bytes32 recordId = _register(_key, registration);
        vm.prank(_key);
        bytes32 otherId = _registry.register(second, other);
        require(recordId != otherId, "two ids");
        require(_recordOf(recordId).commitment == _commitment(registration), "first commitment");
        require(_recordOf(otherId).commitment == _commitmentFor(second, other), "second commitment");
        require(_recordOf(otherId).publisherId == second, "second publisher");
    }

    function test_onlyALiveKeyRegisters(address stranger, uint256 seed) public {
        vm.assume(stranger != _key && stranger != _otherKey);
        _refuseCaller(stranger, _any(seed));
        _refuseCaller(_CUSTODY, _any(seed));
        _refuseCaller(_endedKey, _any(seed));
    }

    function test_aKeyRegistersForItsOwnPublisherOnly(uint32 id, uint256 seed) public {
        vm.assume(id != _id);
        bytes4 refusal = IMediaRegistry.MediaRegistrySignerNotLiveKey.selector;
        vm.expectRevert(abi.encodeWithSelector(refusal, id, _key));
        vm.prank(_key);
        _registry.register(id, _any(seed));
    }

    function test_aZeroDigestIsRefused(uint256 seed) public {
        IMediaRegistry.Registration memory registration = _any(seed);
        registration.contentDigest = 0;
        bytes4 refusal = IMediaRegistry.MediaRegistryContentDigestZero.selector;
        _refuse(registration, abi.encodeWithSelector(refusal, _id));
    }

    function test_aZeroKindIsRefused(uint256 seed) public {
        IMediaRegistry.Registration memory registration = _any(seed);
        registration.kind = 0;
        bytes4 refusal = IMediaRegistry.MediaRegistryKindZero.selector;
        _refuse(registration, abi.encodeWithSelector(refusal, registration.contentDigest));
    }

    function test_moreThan64WordsAreRefused(uint256 seed, uint8 more, uint8 algorithm) public {
        IMediaRegistry.Registration memory registration = _any(seed);
        registration.algorithm = algorithm;
        registration.perceptualHashes = new bytes32[](65 + uint256(more));
        bytes4 refusal = IMediaRegistry.MediaRegistryTooManyWords.selector;
        _refuse(registration, abi.encodeWithSelector(refusal, registration.contentDigest, 65 + uint256(more)));
    }

    function test_wordsWithoutAlgorithmAreRefusedAndTheReverse(uint256 seed, uint8 algorithm, uint8 count) public {
        IMediaRegistry.Registration memory registration = _any(seed);
        uint256 words = algorithm == 0 ? within(count, 1, 64) : 0;
        registration.algorithm = algorithm;
        registration.perceptualHashes = new bytes32[](words);
        bytes4 refusal = IMediaRegistry.MediaRegistryWordsUnlikeAlgorithm.selector;
        _refuse(registration, abi.encodeWithSelector(refusal, registration.contentDigest, algorithm, words));
    }

    function test_aBatchRegistersEachAsOneWould(uint256 seed, uint8 count) public {
        IMediaRegistry.Registration[] memory batch = _batch(seed, within(count, 1, 20));
        vm.recordLogs();
        vm.prank(_key);
        _registry.registerMany(_id, batch);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        require(logs.length == batch.length, "one log each");
        for (uint256 i = 0; i < batch.length; ++i) {
            bytes32 recordId = _registry.recordIdOf(_id, batch[i].contentDigest);
            require(logs[i].topics[1] == recordId, "in order");
            _requireRecord(recordId, batch[i], _key, _NOW);
        }
    }

    function test_aBatchSkipsWhatIsThereAlready(uint256 seed, uint8 index) public {
        index %= 4;
        IMediaRegistry.Registration[] memory batch = _batch(seed, 4);
        _register(_otherKey, batch[index]);
        batch[(index + 1) % 4] = batch[(index + 2) % 4];
        vm.recordLogs();
        vm.prank(_key);
        _registry.registerMany(_id, batch);
        // Of four, one was registered before and one stands twice.
        require(vm.getRecordedLogs().length == 2, "two new");
        _requireRecord(_registry.recordIdOf(_id, batch[index].contentDigest), batch[index], _otherKey, _NOW);
    }

    function test_aBatchIsAllOrNone(uint256 seed, uint8 index) public {
        index %= 4;
        IMediaRegistry.Registration[] memory batch = _batch(seed, 4);
        batch[index].kind = 0;
        bytes4 refusal = IMediaRegistry.MediaRegistryKindZero.selector;
        vm.expectRevert(abi.encodeWithSelector(refusal, batch[index].contentDigest));
        vm.prank(_key);
        _registry.registerMany(_id, batch);
        for (uint256 i = 0; i < 4; ++i) _requireNothing(_registry.recordIdOf(_id, batch[i].contentDigest));
    }

    function test_anEmptyBatchAndOneOverAThousandIsRefused() public {
        for (uint256 i = 0; i < 2; ++i) {
            uint256 count = i == 0 ? 0 : 1_025;
            bytes4 refusal = IMediaRegistry.MediaRegistryCountOutOfRange.selector;
            IMediaRegistry.Registration[] memory batch = new IMediaRegistry.Registration[](count);
            vm.expectRevert(abi.encodeWithSelector(refusal, _id, count));
            vm.prank(_key);
            _registry.registerMany(_id, batch);
        }
    }

    function test_onlyALiveKeyRegistersABatch(address stranger, uint256 seed) public {
        vm.assume(stranger != _key && stranger != _otherKey);
        bytes4 refusal = IMediaRegistry.MediaRegistrySignerNotLiveKey.selector;
        vm.expectRevert(abi.encodeWithSelector(refusal, _id, stranger));
        vm.prank(stranger);
        _registry.registerMany(_id, _batch(seed, 2));
    }

    function _refuse(IMediaRegistry.Registration memory registration, bytes memory refusal) private {
        vm.expectRevert(refusal);
        _register(_key, registration);
        _requireNothing(_registry.recordIdOf(_id, registration.contentDigest));
    }

    function _refuseCaller(address caller, IMediaRegistry.Registration memory registration) private {
        bytes4 refusal = IMediaRegistry.MediaRegistrySignerNotLiveKey.selector;
        vm.expectRevert(abi.encodeWithSelector(refusal, _id, caller));
        _register(caller, registration);
        _requireNothing(_registry.recordIdOf(_id, registration.contentDigest));
    }

    /// @dev Registers one, and sees the other refused and the first unchanged.
    function _refuseAfter(
        IMediaRegistry.Registration memory registration,
        IMediaRegistry.Registration memory other
    ) private {
        bytes32 recordId = _register(_key, registration);
        vm.expectRevert(abi.encodeWithSelector(IMediaRegistry.MediaRegistryRecordExists.selector, recordId));
        _register(_key, other);
        _requireRecord(recordId, registration, _key, _NOW);
    }
}
