// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IMediaRegistry } from "../../contracts/interfaces/IMediaRegistry.sol";
import { MediaRegistryFixture } from "./MediaRegistryFixture.sol";
import { MediaRegistryRequests } from "./MediaRegistryRequests.sol";
import { Vm, vm, within } from "./Vm.sol";

/// @dev Fuzz tests of what anyone may send with a live key's signature. Digests are formed here from the types of
/// docs/protocol.md, section 2.3, not by the contract's library.
contract MediaRegistrySignedTest is MediaRegistryFixture, MediaRegistryRequests {
    address private constant _RELAYER = address(0x4E1A);

    function test_eachRequestIsCarriedOutInTheKeysName(uint256 seed, uint8 what, uint256 nonce, uint32 ahead) public {
        Request memory request = _request(seed, what, nonce, _NOW + within(ahead, 0, 30 days));
        vm.recordLogs();
        _send(request, _RELAYER);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        require(logs.length > 0, "something was said");
        require(_registry.noncesOf(_id, _key, nonce >> 8) == 1 << (nonce & 255), "the nonce is spent");
        _requireDone(request);
    }

    function test_aRequestIsCarriedOutOnce(uint256 seed, uint8 what, uint256 nonce) public {
        Request memory request = _request(seed, what, nonce, _NOW + 1);
        _send(request, _RELAYER);
        _refuse(request, abi.encodeWithSelector(IMediaRegistry.MediaRegistryNonceUsed.selector, _id, _key, nonce));
    }

    function test_anotherRequestWithTheSameNonceIsRefused(uint256 seed, uint8 what, uint8 other, uint256 nonce) public {
        _send(_request(seed, what, nonce, _NOW + 1), _RELAYER);
        Request memory second = _request(uint256(keccak256(abi.encode(seed))), other, nonce, _NOW + 1);
        _refuse(second, abi.encodeWithSelector(IMediaRegistry.MediaRegistryNonceUsed.selector, _id, _key, nonce));
    }

    function test_noncesOfOneSlotAreApart(uint256 seed, uint8 first, uint8 second) public {
        vm.assume(first != second);
        _send(_request(seed, 4, first, _NOW + 1), _RELAYER);
        _send(_request(uint256(keccak256(abi.encode(seed))), 4, second, _NOW + 1), _RELAYER);
        require(_registry.noncesOf(_id, _key, 0) == (1 << first) | (1 << second), "both");
    }

    function test_itHoldsUpToItsDeadline(uint256 seed, uint8 what, uint32 late) public {
        Request memory request = _request(seed, what, 1, _NOW + 5);
        uint256 time = _NOW + 6 + late;
        vm.warp(time);
        bytes4 refusal = IMediaRegistry.MediaRegistryAuthorizationExpired.selector;
        _refuse(request, abi.encodeWithSelector(refusal, _NOW + 5, time));
        vm.warp(_NOW + 5);
        _send(request, _RELAYER);
    }

    function test_itHoldsForThirtyDaysAtMost(uint256 seed, uint8 what, uint128 more) public {
        uint256 latest = _NOW + 30 days;
        uint256 deadline = latest + 1 + more;
        bytes4 refusal = IMediaRegistry.MediaRegistryAuthorizationTooFarAhead.selector;
        _refuse(_request(seed, what, 1, deadline), abi.encodeWithSelector(refusal, deadline, latest));
        _send(_request(seed, what, 1, latest), _RELAYER);
    }

    function test_onlyALiveKeysRequestIsCarriedOut(uint256 seed, uint8 what, bool compromised) public {
        Request memory request = _request(seed, what, 1, _NOW + 1);
        if (compromised) {
            _declare(_key, _NOW);
        } else {
            vm.prank(_key);
            _publishers.endKey(_id, _key);
        }
        bytes4 refusal = IMediaRegistry.MediaRegistrySignerNotLiveKey.selector;
        _refuse(request, abi.encodeWithSelector(refusal, _id, _key));
    }

    function test_custodysSignatureIsNoKeys(uint256 seed, uint8 what) public {
        Request memory request = _request(seed, what, 1, _NOW + 1);
        request.by.key = _CUSTODY;
        bytes4 refusal = IMediaRegistry.MediaRegistrySignerNotLiveKey.selector;
        _refuse(request, abi.encodeWithSelector(refusal, _id, _CUSTODY));
    }

    function test_aChangedRequestIsRefused(uint256 seed, uint8 what, uint8 field) public {
        Request memory request = _request(seed, what, 1, _NOW + 1);
        if (field % 8 == 0) request.by.nonce = 2;
        else if (field % 8 == 1) request.by.deadline = _NOW + 2;
        else if (field % 8 == 2) request.by.key = _otherKey;
        else if (field % 8 == 3) request.by.signature[within(seed, 0, 63)] ^= 0x01;
        else if (field % 8 == 4) request.by.signature = hex"";
        else _alter(request, field);
        bytes4 refusal = IMediaRegistry.MediaRegistrySignatureInvalid.selector;
        _refuse(request, abi.encodeWithSelector(refusal, _id, request.by.key));
        require(_registry.noncesOf(_id, request.by.key, 0) == 0, "the nonce is not spent");
    }

    function test_aSignatureForAnotherContractOrChainIsRefused(uint256 seed, uint8 what, bool chain) public {
        Request memory request = _request(seed, what, 1, _NOW + 1);
        bytes4 refusal = IMediaRegistry.MediaRegistrySignatureInvalid.selector;
        if (chain) vm.chainId(block.chainid + 1);
        else request.by.signature = _sign(1, _domainOf("Firsthand MediaRegistry", address(this)), request.structHash);
        _refuse(request, abi.encodeWithSelector(refusal, _id, _key));
    }

    function test_whatIsThereAlreadyIsLeftAndTheNonceSpent(uint256 seed) public {
        Request memory request = _request(seed, 0, 7, _NOW + 1);
        _register(_otherKey, request.registration);
        vm.recordLogs();
        _send(request, _RELAYER);
        require(vm.getRecordedLogs().length == 0, "nothing is said");
        require(_registry.noncesOf(_id, _key, 0) == 1 << 7, "spent all the same");
        _requireRecord(
            _registry.recordIdOf(_id, request.registration.contentDigest),
            request.registration,
            _otherKey,
            _NOW
        );
    }

    function test_aKeyAndCustodyCancelNonces(uint256 seed, uint8 what, uint256 nonce, bool custody) public {
        Request memory request = _request(seed, what, nonce, _NOW + 1);
        uint256 mask = 1 << (nonce & 255);
        vm.expectEmit(address(_registry));
        emit IMediaRegistry.NoncesCancelled(_id, _key, nonce >> 8, mask);
        vm.prank(custody ? _CUSTODY : _key);
        _registry.cancelNonces(_id, _key, nonce >> 8, mask);
        _refuse(request, abi.encodeWithSelector(IMediaRegistry.MediaRegistryNonceUsed.selector, _id, _key, nonce));
    }

    function test_cancellingKeepsWhatWasUsed(uint256 first, uint256 second, uint256 wordIndex) public {
        vm.prank(_key);
        _registry.cancelNonces(_id, _key, wordIndex, first);
        vm.prank(_CUSTODY);
        _registry.cancelNonces(_id, _key, wordIndex, second);
        require(_registry.noncesOf(_id, _key, wordIndex) == first | second, "both");
        require(_registry.noncesOf(_id, _otherKey, wordIndex) == 0, "not another key's");
        require(_registry.noncesOf(_id + 1, _key, wordIndex) == 0, "not another publisher's");
    }

    function test_nobodyElseCancelsNonces(address caller, uint256 mask) public {
        vm.assume(caller != _CUSTODY && caller != _key && caller != address(0));
        _refuseCancelling(caller, mask);
        _refuseCancelling(_otherKey, mask);
        vm.prank(_key);
        _publishers.endKey(_id, _key);
        _refuseCancelling(_key, mask);
    }

    function _refuseCancelling(address caller, uint256 mask) private {
        bytes4 refusal = IMediaRegistry.MediaRegistryCallerMayNotCancel.selector;
        vm.expectRevert(abi.encodeWithSelector(refusal, _id, _key, caller));
        vm.prank(caller);
        _registry.cancelNonces(_id, _key, 0, mask);
    }

    function _refuse(Request memory request, bytes memory reason) private {
        vm.expectRevert(reason);
        _send(request, _RELAYER);
    }
}
