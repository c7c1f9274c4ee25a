// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IMediaRegistry } from "../../contracts/interfaces/IMediaRegistry.sol";
import { MediaRegistryFixture } from "./MediaRegistryFixture.sol";
import { vm } from "./Vm.sol";

/// @dev Fuzz tests of what revoking does and refuses, and of what `stateOf` tells.
contract MediaRegistryRevocationTest is MediaRegistryFixture {
    function test_aDigestNobodySpokeOfHasNoState(uint32 id, bytes32 digest) public view {
        IMediaRegistry.DigestState memory empty;
        _requireState(id, digest, empty);
        _requireNothing(_registry.recordIdOf(id, digest));
    }

    function test_liveKeysAndCustodyRevoke(bytes32 digest, uint8 reason, uint8 who, uint32 later) public {
        vm.assume(digest != 0 && reason != 0);
        address caller = [_key, _otherKey, _CUSTODY][who % 3];
        vm.warp(_NOW + later);
        vm.expectEmit(address(_registry));
        emit IMediaRegistry.MediaRevoked(_registry.recordIdOf(_id, digest), _id, digest, caller, reason);
        _revoke(caller, digest, reason);
        _requireState(_id, digest, _revoked(false, reason, caller, _NOW + later));
    }

    function test_aRecordIsRevokedAndStaysReadable(uint256 seed, uint8 reason, uint32 later) public {
        vm.assume(reason != 0);
        IMediaRegistry.Registration memory registration = _any(seed);
        bytes32 recordId = _register(_key, registration);
        vm.warp(_NOW + later);
        _revoke(_otherKey, registration.contentDigest, reason);
        _requireRecord(recordId, registration, _key, _NOW);
        _requireState(_id, registration.contentDigest, _revoked(true, reason, _otherKey, _NOW + later));
    }

    function test_aRevokedDigestMayBeRegisteredAndStaysRevoked(uint256 seed, uint8 reason, uint32 later) public {
        vm.assume(reason != 0);
        IMediaRegistry.Registration memory registration = _any(seed);
        _revoke(_CUSTODY, registration.contentDigest, reason);
        vm.warp(_NOW + later);
        bytes32 recordId = _register(_key, registration);
        _requireRecord(recordId, registration, _key, _NOW + later);
        _requireState(_id, registration.contentDigest, _revoked(true, reason, _CUSTODY, _NOW));
    }

    function test_aRevocationFillsOneSlotAsThePageSays(bytes32 digest, uint8 reason) public {
        vm.assume(digest != 0 && reason != 0);
        _revoke(_key, digest, reason);
        bytes32 slot = keccak256(abi.encode(_registry.recordIdOf(_id, digest), uint256(3)));
        // Solidity packs from the low end, so the last field comes first here.
        bytes memory packed = abi.encodePacked(bytes6(0), reason, uint40(_NOW), _key);
        require(vm.load(address(_registry), slot) == bytes32(packed), "the slot");
    }

    function test_aDigestIsRevokedOnce(bytes32 digest, uint8 reason, uint8 second, uint32 later) public {
        vm.assume(digest != 0 && reason != 0 && second != 0);
        _revoke(_key, digest, reason);
        vm.warp(_NOW + later);
        bytes32 recordId = _registry.recordIdOf(_id, digest);
        vm.expectRevert(abi.encodeWithSelector(IMediaRegistry.MediaRegistryRevokedBefore.selector, recordId));
        _revoke(_CUSTODY, digest, second);
        _requireState(_id, digest, _revoked(false, reason, _key, _NOW));
    }

    function test_aZeroReasonIsRefused(bytes32 digest) public {
        vm.assume(digest != 0);
        vm.expectRevert(abi.encodeWithSelector(IMediaRegistry.MediaRegistryReasonZero.selector, digest));
        _revoke(_key, digest, 0);
        _requireUnrevoked(digest);
    }

    function test_aZeroDigestIsRefused(uint8 reason) public {
        vm.expectRevert(abi.encodeWithSelector(IMediaRegistry.MediaRegistryContentDigestZero.selector, _id));
        _revoke(_key, 0, reason);
        _requireUnrevoked(0);
    }

    function test_strangersAndEndedKeysDoNotRevoke(address stranger, bytes32 digest, uint8 reason) public {
        vm.assume(stranger != _key && stranger != _otherKey && stranger != _CUSTODY);
        _refuseCaller(_id, stranger, digest, reason);
        _refuseCaller(_id, _endedKey, digest, reason);
        _requireUnrevoked(digest);
    }

    function test_aPublisherRevokesItsOwnDigestsOnly(uint32 id, bytes32 digest, uint8 reason) public {
        vm.assume(id != _id);
        _refuseCaller(id, _key, digest, reason);
        _refuseCaller(id, _CUSTODY, digest, reason);
        _requireUnrevoked(digest);
    }

    function test_anotherPublishersDigestIsUntouched(uint256 seed, uint8 reason) public {
        vm.assume(reason != 0);
        IMediaRegistry.Registration memory registration = _any(seed);
        _register(_key, registration);
        uint32 second = _create(address(0xBEEF));
        vm.prank(address(0xBEEF));
        _registry.revoke(second, registration.contentDigest, reason);
        IMediaRegistry.DigestState memory state = _registry.stateOf(_id, registration.contentDigest);
        require(state.stored && !state.revoked, "stored and not revoked");
    }

    function _refuseCaller(uint32 id, address caller, bytes32 digest, uint8 reason) private {
        bytes4 refusal = IMediaRegistry.MediaRegistryCallerNotLiveKeyOrCustody.selector;
        vm.expectRevert(abi.encodeWithSelector(refusal, id, caller));
        vm.prank(caller);
        _registry.revoke(id, digest, reason);
    }

    function _requireUnrevoked(bytes32 digest) private view {
        IMediaRegistry.DigestState memory empty;
        _requireState(_id, digest, empty);
    }

    function _requireState(uint32 id, bytes32 digest, IMediaRegistry.DigestState memory expected) private view {
        bytes32 actual = keccak256(abi.encode(_registry.stateOf(id, digest)));
        require(actual == keccak256(abi.encode(expected)), "state of the digest");
    }

    function _revoked(
        bool stored,
        uint8 reason,
        address by,
        uint256 time
    ) private pure returns (IMediaRegistry.DigestState memory) {
        return
            IMediaRegistry.DigestState({
                stored: stored,
                disowned: false,
                revoked: true,
                reason: reason,
                revokedAt: uint40(time),
                revokedBy: by,
                supersededBy: 0,
                supersededAt: 0,
                supersededSigner: address(0)
            });
    }
}
