// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IMediaRegistry } from "../../contracts/interfaces/IMediaRegistry.sol";
import { MediaRegistryFixture } from "./MediaRegistryFixture.sol";
import { MediaRegistryRequests } from "./MediaRegistryRequests.sol";
import { vm, within } from "./Vm.sol";

/// @dev Fuzz tests of what a declaration of compromise makes void, and of supersession.
contract MediaRegistryVoidTest is MediaRegistryFixture, MediaRegistryRequests {
    uint256 private constant _THEFT = _NOW + 100;

    function test_aRecordIsDisownedFromTheTheftOn(uint256 seed, uint32 time, bool late) public {
        uint256 at_ = late ? within(time, _THEFT, _THEFT + 50) : within(time, _NOW, _THEFT - 1);
        IMediaRegistry.Registration memory item = _any(seed);
        bytes32 recordId = _registerAt(_key, item, at_);
        _declareAt(_key, _THEFT, _THEFT + 60);
        (, bool disowned) = _registry.recordOf(recordId);
        require(disowned == late, "recordOf");
        require(_registry.stateOf(_id, item.contentDigest).disowned == late, "stateOf");
        require(_registry.stateOf(_id, item.contentDigest).stored, "nothing disappears");
        _requireRecord(recordId, item, _key, at_);
    }

    function test_aDisownedRecordIsRegisteredAgainWithAnyContent(uint256 seed, uint256 other, bool same) public {
        IMediaRegistry.Registration memory item = _any(seed);
        IMediaRegistry.Registration memory again = _any(same ? seed : other);
        again.contentDigest = item.contentDigest;
        bytes32 recordId = _registerAt(_key, item, _THEFT);
        _declareAt(_key, _THEFT, _THEFT + 60);
        vm.warp(_THEFT + 70);
        vm.recordLogs();
        require(_register(_otherKey, again) == recordId, "the same record");
        require(vm.getRecordedLogs().length == 1, "said again");
        _requireRecord(recordId, again, _otherKey, _THEFT + 70);
        (, bool disowned) = _registry.recordOf(recordId);
        require(!disowned, "it counts");
        again.manifestDigest ^= bytes32(uint256(1));
        vm.expectRevert(abi.encodeWithSelector(IMediaRegistry.MediaRegistryRecordExists.selector, recordId));
        _register(_otherKey, again);
    }

    function test_aRecordFromBeforeTheTheftIsNotRegisteredAgain(uint256 seed) public {
        IMediaRegistry.Registration memory item = _any(seed);
        bytes32 recordId = _registerAt(_key, item, _THEFT - 1);
        _declareAt(_key, _THEFT, _THEFT + 60);
        vm.recordLogs();
        _register(_otherKey, item);
        require(vm.getRecordedLogs().length == 0, "nothing is said");
        _requireRecord(recordId, item, _key, _THEFT - 1);
        item.manifestDigest ^= bytes32(uint256(1));
        vm.expectRevert(abi.encodeWithSelector(IMediaRegistry.MediaRegistryRecordExists.selector, recordId));
        _register(_otherKey, item);
    }

    function test_aVoidRevocationFallsAwayAndMayBeMadeAgain(bytes32 digest, uint8 reason, bool late) public {
        vm.assume(digest != 0 && reason != 0);
        vm.warp(late ? _THEFT : _THEFT - 1);
        _revoke(_key, digest, reason);
        _declareAt(_key, _THEFT, _THEFT + 60);
        IMediaRegistry.DigestState memory state = _registry.stateOf(_id, digest);
        require(state.revoked != late, "falls away");
        require(state.reason == (late ? 0 : reason) && (state.revokedAt == 0) == late, "with all of it");
        bytes32 recordId = _registry.recordIdOf(_id, digest);
        require(_registry.revocationOf(recordId).signer == _key, "nothing disappears");
        if (!late)
            vm.expectRevert(abi.encodeWithSelector(IMediaRegistry.MediaRegistryRevokedBefore.selector, recordId));
        _revoke(_otherKey, digest, 7);
        state = _registry.stateOf(_id, digest);
        require(state.revoked && state.revokedBy == (late ? _otherKey : _key), "revoked by");
    }

    function test_aDigestIsSupersededOnceByAnother(bytes32 digest, bytes32 by, uint8 who, uint32 later) public {
        vm.assume(digest != 0 && by != 0 && by != digest);
        address caller = [_key, _otherKey, _CUSTODY][who % 3];
        bytes32 recordId = _registry.recordIdOf(_id, digest);
        vm.warp(_NOW + later);
        vm.expectEmit(address(_registry));
        emit IMediaRegistry.MediaSuperseded(recordId, _id, digest, caller, by);
        _supersede(caller, digest, by);
        IMediaRegistry.DigestState memory state = _registry.stateOf(_id, digest);
        require(state.supersededBy == by && state.supersededAt == _NOW + later, "by what and when");
        require(state.supersededSigner == caller && !state.stored && !state.revoked, "by whom");
        IMediaRegistry.Supersession memory supersession = _registry.supersessionOf(recordId);
        require(supersession.by == by && supersession.signer == caller, "as stored");
        vm.expectRevert(abi.encodeWithSelector(IMediaRegistry.MediaRegistrySupersededBefore.selector, recordId));
        _supersede(_key, digest, keccak256(abi.encode(by)));
    }

    function test_aDigestIsSupersededByAnotherDigestAlone(bytes32 digest, bool zero) public {
        vm.assume(digest != 0);
        bytes32 by = zero ? bytes32(0) : digest;
        vm.expectRevert(abi.encodeWithSelector(IMediaRegistry.MediaRegistryNoSuccessor.selector, digest, by));
        _supersede(_key, digest, by);
        vm.expectRevert(abi.encodeWithSelector(IMediaRegistry.MediaRegistryContentDigestZero.selector, _id));
        _supersede(_key, 0, digest);
    }

    function test_onlyALiveKeyOrCustodySupersedes(address stranger, bytes32 digest) public {
        vm.assume(stranger != _key && stranger != _otherKey && stranger != _CUSTODY && stranger != address(0));
        bytes4 refusal = IMediaRegistry.MediaRegistryCallerNotLiveKeyOrCustody.selector;
        vm.expectRevert(abi.encodeWithSelector(refusal, _id, stranger));
        _supersede(stranger, digest, "x");
        vm.expectRevert(abi.encodeWithSelector(refusal, _id, _endedKey));
        _supersede(_endedKey, digest, "x");
    }

    function test_aVoidSupersessionFallsAwayAndMayBeMadeAgain(bytes32 digest, bytes32 by, bool late) public {
        vm.assume(digest != 0 && by != 0 && by != digest && digest != "other");
        vm.warp(late ? _THEFT : _THEFT - 1);
        _supersede(_key, digest, by);
        _declareAt(_key, _THEFT, _THEFT + 60);
        IMediaRegistry.DigestState memory state = _registry.stateOf(_id, digest);
        require(state.supersededBy == (late ? bytes32(0) : by), "falls away");
        require((state.supersededAt == 0) == late && (state.supersededSigner == address(0)) == late, "all of it");
        bytes32 recordId = _registry.recordIdOf(_id, digest);
        if (!late) {
            vm.expectRevert(abi.encodeWithSelector(IMediaRegistry.MediaRegistrySupersededBefore.selector, recordId));
        }
        _supersede(_otherKey, digest, "other");
        require(_registry.stateOf(_id, digest).supersededBy == (late ? bytes32("other") : by), "again");
    }

    function test_whatFormerCustodyDidSinceTheTheftFallsAway(bytes32 digest, bool late) public {
        vm.assume(digest != 0);
        vm.warp(late ? _THEFT : _THEFT - 1);
        _revoke(_CUSTODY, digest, 1);
        address next = address(0xFEED);
        vm.warp(_THEFT + 10);
        vm.prank(_CUSTODY);
        _publishers.offerCustody(_id, next);
        vm.prank(next);
        _publishers.acceptCustody(_id);
        vm.prank(next);
        _publishers.declareCompromised(_id, _CUSTODY, uint40(_THEFT));
        require(_registry.stateOf(_id, digest).revoked != late, "falls away");
    }

    function test_aBatchIsDisownedAndRegisteredAgain(uint256 seed, bool rooted, bool late) public {
        IMediaRegistry.Registration memory item = _any(seed);
        bytes32 root = keccak256(abi.encode(_commitment(item)));
        IMediaRegistry.RootedBatch memory batch = IMediaRegistry.RootedBatch(root, "list", 1);
        vm.warp(late ? _THEFT : _THEFT - 1);
        _registerBatch(_key, rooted, item, batch);
        _declareAt(_key, _THEFT, _THEFT + 60);
        IMediaRegistry.Inclusion memory inclusion = _verify(rooted, item, batch);
        require(inclusion.included && inclusion.disowned == late && inclusion.signer == _key, "disowned");
        vm.recordLogs();
        _registerBatch(_otherKey, rooted, item, batch);
        require(vm.getRecordedLogs().length == (late ? 1 : 0), "said again");
        inclusion = _verify(rooted, item, batch);
        require(inclusion.included && !inclusion.disowned, "counts");
        require(inclusion.signer == (late ? _otherKey : _key), "by whom");
        require(inclusion.registeredAt == (late ? _THEFT + 60 : _THEFT - 1), "since when");
    }

    function test_stateTellsAllOfIt(uint256 seed, bool stored, bool revoked, bool superseded) public {
        IMediaRegistry.Registration memory item = _any(seed);
        if (stored) _register(_key, item);
        if (revoked) _revoke(_otherKey, item.contentDigest, 4);
        if (superseded) _supersede(_CUSTODY, item.contentDigest, "by");
        _declareAt(_key, _NOW, _NOW + 1);
        IMediaRegistry.DigestState memory state = _registry.stateOf(_id, item.contentDigest);
        require(state.stored == stored && state.disowned == stored, "stored");
        require(state.revoked == revoked && state.reason == (revoked ? 4 : 0), "revoked");
        require(state.supersededBy == (superseded ? bytes32("by") : bytes32(0)), "superseded");
    }

    function test_distanceIsTheNumberOfBits(bytes32 a, bytes32 b) public view {
        uint256 expected = 0;
        for (uint256 bits = uint256(a ^ b); bits != 0; bits &= bits - 1) ++expected;
        require(_registry.hammingDistance(a, b) == expected, "bits");
        require(_registry.hammingDistance(a, ~a) == 256 && _registry.hammingDistance(a, a) == 0, "the ends");
        require(_registry.hammingDistance(a, ~a ^ bytes32(uint256(1))) == 255, "all but one");
    }

    function test_theRegistriesKnowEachOther() public view {
        require(address(_registry.publisherRegistry()) == address(_publishers), "publisher registry");
    }

    function _registerAt(
        address caller,
        IMediaRegistry.Registration memory item,
        uint256 time
    ) private returns (bytes32) {
        vm.warp(time);
        return _register(caller, item);
    }

    function _declareAt(address account, uint256 since, uint256 time) private {
        vm.warp(time);
        _declare(account, since);
    }

    function _supersede(address caller, bytes32 digest, bytes32 by) private {
        vm.prank(caller);
        _registry.supersede(_id, digest, by);
    }

    function _registerBatch(
        address caller,
        bool rooted,
        IMediaRegistry.Registration memory item,
        IMediaRegistry.RootedBatch memory batch
    ) private {
        IMediaRegistry.Claims memory claims = _claims(_one(item));
        IMediaRegistry.RootedBatch[] memory batches = _oneBatch(batch);
        vm.prank(caller);
        if (rooted) _registry.registerRoots(_id, batches);
        else _registry.registerLogged(_id, claims);
    }

    function _verify(
        bool rooted,
        IMediaRegistry.Registration memory item,
        IMediaRegistry.RootedBatch memory batch
    ) private view returns (IMediaRegistry.Inclusion memory) {
        bytes32[] memory none = new bytes32[](0);
        if (rooted) return _registry.verifyRooted(_id, batch, item, none);
        return _registry.verifyLogged(_id, batch.root, item, none);
    }
}
