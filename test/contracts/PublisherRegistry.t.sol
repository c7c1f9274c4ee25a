// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IERC1271 } from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import { IPublisherRegistry } from "../../contracts/interfaces/IPublisherRegistry.sol";
import { PublisherRegistry } from "../../contracts/PublisherRegistry.sol";
import { CURVE_ORDER, privateKeyOf, vm, within } from "./Vm.sol";

/// @dev A wallet that accepts one pair of digest and signature.
contract OneAnswerWallet is IERC1271 {
    bytes32 private immutable _ACCEPTED;

    constructor(bytes32 digest, bytes memory signature) {
        _ACCEPTED = keccak256(abi.encode(digest, signature));
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        return keccak256(abi.encode(digest, signature)) == _ACCEPTED ? this.isValidSignature.selector : bytes4(0);
    }
}

/// @dev Fuzz tests of what each function of PublisherRegistry does and refuses. Events are asserted in the
/// TypeScript tests too, as a client sees them.
contract PublisherRegistryTest {
    uint256 private constant _NOW = 1_800_000_000;
    address private constant _CUSTODY = address(0xC0FFEE);

    PublisherRegistry private _registry;
    uint32 private _id;

    function setUp() public {
        vm.warp(_NOW);
        _registry = new PublisherRegistry();
        _id = _create(_CUSTODY);
    }

    function test_idsRiseByOneFromOne(uint8 count) public {
        require(_id == 1, "first id");
        for (uint160 i = 0; i < count; ++i) {
            address custody = address(0x1000 + i);
            require(_create(custody) == i + 2, "next id");
            require(_registry.custodyOf(uint32(i + 2)) == custody, "custody of the new id");
        }
        require(_registry.custodyOf(uint32(count) + 2) == address(0), "no custody beyond the last id");
    }

    function test_creationEmitsThePublisherThenItsProfile(address custody, string calldata uri, bytes32 digest) public {
        vm.assume(custody != _CUSTODY);
        vm.expectEmit(address(_registry));
        emit IPublisherRegistry.PublisherCreated(2, custody);
        vm.expectEmit(address(_registry));
        emit IPublisherRegistry.ProfileChanged(2, uri, digest);
        vm.prank(custody);
        _registry.createPublisher(uri, digest, address(0));
    }

    function test_anAccountIsCustodyOfOnePublisherAtMost(address custody) public {
        vm.assume(custody != _CUSTODY);
        uint32 id = _create(custody);
        bytes4 refusal = IPublisherRegistry.PublisherRegistryCustodyTaken.selector;
        vm.expectRevert(abi.encodeWithSelector(refusal, custody, id));
        vm.prank(custody);
        _registry.createPublisher("", 0, address(0));
        require(_registry.custodyOf(id + 1) == address(0), "no publisher was created");
    }

    function test_custodyIsNoKeyOfItsOwn(address custody) public {
        vm.assume(custody != _CUSTODY);
        require(!_registry.isLive(_create(custody), custody), "custody does not sign");
    }

    function test_aKeyThatConsentsIsLiveForThatPublisherAlone(uint256 seed, uint256 deadline, uint32 other) public {
        (uint256 privateKey, address key) = _keyOf(seed);
        vm.assume(other != _id);
        deadline = within(deadline, _NOW, _NOW + 30 days);
        vm.expectEmit(address(_registry));
        emit IPublisherRegistry.KeyAdded(_id, key);
        _add(key, deadline, _sign(privateKey, _digest(_id, key, deadline)));
        require(_registry.isLive(_id, key), "live");
        require(!_registry.isLive(other, key), "not live for another publisher");
    }

    function test_aKeyMaySignForSeveralPublishers(uint256 seed) public {
        (uint256 privateKey, address key) = _keyOf(seed);
        vm.assume(key != _CUSTODY);
        uint32 second = _create(key);
        _addConsenting(privateKey, key);
        bytes memory consent = _sign(privateKey, _digest(second, key, _NOW));
        vm.prank(key);
        _registry.addKey(second, key, _NOW, consent);
        require(_registry.isLive(_id, key) && _registry.isLive(second, key), "live for both");
    }

    function test_onlyCustodyAddsAKey(address stranger, uint256 seed, uint32 id) public {
        vm.assume(stranger != _CUSTODY && stranger != address(0));
        (uint256 privateKey, address key) = _keyOf(seed);
        bytes memory consent = _sign(privateKey, _digest(id, key, _NOW));
        bytes4 refusal = IPublisherRegistry.PublisherRegistryCallerNotCustody.selector;
        vm.expectRevert(abi.encodeWithSelector(refusal, id, stranger));
        vm.prank(stranger);
        _registry.addKey(id, key, _NOW, consent);
        require(!_registry.isLive(id, key), "not added");
    }

    function test_theZeroAddressIsNoKey(bytes calldata consent) public {
        vm.expectRevert(abi.encodeWithSelector(IPublisherRegistry.PublisherRegistryKeyZero.selector, _id));
        _add(address(0), _NOW, consent);
    }

    function test_aConsentHoldsUpToItsDeadlineAndNoLonger(uint256 seed, uint32 late) public {
        (uint256 privateKey, address key) = _keyOf(seed);
        bytes memory consent = _sign(privateKey, _digest(_id, key, _NOW));
        uint256 time = _NOW + 1 + late;
        vm.warp(time);
        bytes4 refusal = IPublisherRegistry.PublisherRegistryConsentExpired.selector;
        vm.expectRevert(abi.encodeWithSelector(refusal, _NOW, time));
        _add(key, _NOW, consent);
        require(!_registry.isLive(_id, key), "not added");
        vm.warp(_NOW);
        _add(key, _NOW, consent);
        require(_registry.isLive(_id, key), "added in the last second");
    }

    function test_aConsentOfAnotherKeyIsRefused(uint256 seed, uint256 otherSeed) public {
        (, address key) = _keyOf(seed);
        (uint256 otherPrivateKey, address other) = _keyOf(otherSeed);
        vm.assume(key != other);
        _refuseConsent(key, _NOW, _sign(otherPrivateKey, _digest(_id, key, _NOW)));
    }

    function test_aConsentToAnotherPublisherIsRefused(uint256 seed, uint32 other) public {
        vm.assume(other != _id);
        (uint256 privateKey, address key) = _keyOf(seed);
        _refuseConsent(key, _NOW, _sign(privateKey, _digest(other, key, _NOW)));
    }

    function test_aConsentUpToAnotherDeadlineIsRefused(uint256 seed, uint256 deadline, uint256 signed) public {
        deadline = within(deadline, _NOW, _NOW + 30 days);
        vm.assume(deadline != signed);
        (uint256 privateKey, address key) = _keyOf(seed);
        _refuseConsent(key, deadline, _sign(privateKey, _digest(_id, key, signed)));
    }

    function test_aConsentForAnotherChainIsRefused(uint256 seed, uint32 chain) public {
        vm.assume(chain != block.chainid);
        (uint256 privateKey, address key) = _keyOf(seed);
        bytes memory consent = _sign(privateKey, _digest(_id, key, _NOW));
        vm.chainId(chain);
        _refuseConsent(key, _NOW, consent);
    }

    function test_arbitraryBytesAreNoConsent(address key, bytes calldata consent) public {
        vm.assume(key != address(0) && key.code.length == 0);
        _refuseConsent(key, _NOW, consent);
    }

    function test_theMirroredSignatureIsRefused(uint256 seed) public {
        (uint256 privateKey, address key) = _keyOf(seed);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(privateKey, _digest(_id, key, _NOW));
        bytes32 mirrored = bytes32(CURVE_ORDER - uint256(s));
        _refuseConsent(key, _NOW, abi.encodePacked(r, mirrored, v == 27 ? uint8(28) : uint8(27)));
    }

    function test_aContractConsentsByErc1271(bytes calldata consent) public {
        // The address is part of what is signed, so the wallet is written over a known one.
        address key = address(0xA11E7);
        OneAnswerWallet wallet = new OneAnswerWallet(_digest(_id, key, _NOW), consent);
        vm.etch(key, address(wallet).code);
        _refuseConsent(key, _NOW, abi.encodePacked(consent, hex"00"));
        _refuseConsent(key, _NOW + 1, consent);
        _add(key, _NOW, consent);
        require(_registry.isLive(_id, key), "live");
    }

    function test_anAccountWithCodeStillConsentsByItsSignature(uint256 seed, bytes calldata code) public {
        (uint256 privateKey, address key) = _keyOf(seed);
        vm.assume(code.length > 0);
        vm.etch(key, code);
        _addConsenting(privateKey, key);
        require(_registry.isLive(_id, key), "live");
    }

    function test_aLiveKeyIsNotAddedAgain(uint256 seed, uint256 deadline) public {
        deadline = within(deadline, _NOW, _NOW + 30 days);
        (uint256 privateKey, address key) = _keyOf(seed);
        _addConsenting(privateKey, key);
        bytes memory consent = _sign(privateKey, _digest(_id, key, deadline));
        vm.expectRevert(abi.encodeWithSelector(IPublisherRegistry.PublisherRegistryKeyLive.selector, _id, key));
        _add(key, deadline, consent);
    }

    function test_anEndedKeyNeverComesBack(uint256 seed, bool byKey, uint32 later) public {
        (uint256 privateKey, address key) = _keyOf(seed);
        _addConsenting(privateKey, key);
        vm.expectEmit(address(_registry));
        emit IPublisherRegistry.KeyEnded(_id, key);
        vm.prank(byKey ? key : _CUSTODY);
        _registry.endKey(_id, key);
        require(!_registry.isLive(_id, key), "ended");

        uint256 time = _NOW + later;
        vm.warp(time);
        bytes memory consent = _sign(privateKey, _digest(_id, key, time));
        vm.expectRevert(abi.encodeWithSelector(IPublisherRegistry.PublisherRegistryKeyEnded.selector, _id, key));
        _add(key, time, consent);
        require(!_registry.isLive(_id, key), "still ended");
    }

    function test_onlyCustodyAndTheKeyItselfEndAKey(address stranger, uint256 seed) public {
        (uint256 privateKey, address key) = _keyOf(seed);
        vm.assume(stranger != _CUSTODY && stranger != key);
        _addConsenting(privateKey, key);
        bytes4 refusal = IPublisherRegistry.PublisherRegistryCallerNotCustodyOrKey.selector;
        vm.expectRevert(abi.encodeWithSelector(refusal, _id, key, stranger));
        vm.prank(stranger);
        _registry.endKey(_id, key);
        require(_registry.isLive(_id, key), "still live");
    }

    function test_onlyALiveKeyIsEnded(address key, bool byKey) public {
        address caller = byKey ? key : _CUSTODY;
        vm.expectRevert(abi.encodeWithSelector(IPublisherRegistry.PublisherRegistryKeyNotLive.selector, _id, key));
        vm.prank(caller);
        _registry.endKey(_id, key);
    }

    function test_custodyReplacesTheProfile(string calldata uri, bytes32 digest) public {
        vm.expectEmit(address(_registry));
        emit IPublisherRegistry.ProfileChanged(_id, uri, digest);
        vm.prank(_CUSTODY);
        _registry.setProfile(_id, uri, digest);
    }

    function test_onlyCustodyReplacesTheProfile(address stranger, uint32 id) public {
        vm.assume(stranger != address(0) && (stranger != _CUSTODY || id != _id));
        bytes4 refusal = IPublisherRegistry.PublisherRegistryCallerNotCustody.selector;
        vm.expectRevert(abi.encodeWithSelector(refusal, id, stranger));
        vm.prank(stranger);
        _registry.setProfile(id, "", 0);
    }

    function _create(address custody) private returns (uint32) {
        vm.prank(custody);
        return _registry.createPublisher("data:,", 0, address(0));
    }

    function _add(address key, uint256 deadline, bytes memory consent) private {
        vm.prank(_CUSTODY);
        _registry.addKey(_id, key, deadline, consent);
    }

    function _addConsenting(uint256 privateKey, address key) private {
        _add(key, _NOW, _sign(privateKey, _digest(_id, key, _NOW)));
    }

    function _refuseConsent(address key, uint256 deadline, bytes memory consent) private {
        vm.expectRevert(abi.encodeWithSelector(IPublisherRegistry.PublisherRegistryConsentInvalid.selector, _id, key));
        _add(key, deadline, consent);
        require(!_registry.isLive(_id, key), "not added");
    }

    function _keyOf(uint256 seed) private pure returns (uint256 privateKey, address key) {
        privateKey = privateKeyOf(seed);
        key = vm.addr(privateKey);
    }

    function _sign(uint256 privateKey, bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(privateKey, digest);
        return abi.encodePacked(r, s, v);
    }

    /// @dev EIP-712 from the text of docs/protocol.md, apart from the contract's own code.
    function _digest(uint32 id, address key, uint256 deadline) private view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Firsthand PublisherRegistry"),
                keccak256("1"),
                block.chainid,
                address(_registry)
            )
        );
        bytes32 consentType = keccak256("KeyConsent(uint32 publisherId,address custody,address key,uint256 deadline)");
        bytes32 consent = keccak256(abi.encode(consentType, id, _registry.custodyOf(id), key, deadline));
        return keccak256(abi.encodePacked(hex"1901", domain, consent));
    }
}
