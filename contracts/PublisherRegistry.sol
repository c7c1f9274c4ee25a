// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { EIP712 } from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import { Multicall } from "@openzeppelin/contracts/utils/Multicall.sol";
import { IPublisherRegistry } from "./interfaces/IPublisherRegistry.sol";
import { Signatures } from "./libraries/Signatures.sol";

/// @title PublisherRegistry
/// @notice Publishers, their custody and their keys. No owner, no fee, not upgradeable.
/// @dev Invariants: `_publishers[id].custody` and `_publisherIds` are inverse to each other; an id is given once; a
/// time in `_standings` is written once, but for a declaration, whose `compromisedSince` only falls. Calls into other
/// contracts are static (ERC-1271), so nothing can re-enter and write.
/// `multicall` makes several calls one transaction, each as if it were sent by itself: custody that was recovered ends
/// or declares all of a thief's accounts at once.
contract PublisherRegistry is IPublisherRegistry, EIP712, Multicall {
    // An EIP-712 type has no short form, and the compiler hashes it.
    // solhint-disable gas-small-strings
    bytes32 private constant _KEY_CONSENT_TYPEHASH = keccak256(
        "KeyConsent(uint32 publisherId,address custody,address key,uint256 deadline)"
    );
    // solhint-enable gas-small-strings

    /// @dev Long enough for whoever holds the recovery account to notice a thief of custody and to act.
    uint40 private constant _RECOVERY_DELAY = 7 days;
    /// @dev A change that was begun and forgotten must not be there, ripe, for a thief of custody to finish at once.
    uint40 private constant _RECOVERY_WINDOW = 7 days;
    /// @dev A profile of a few kilobytes fits as a `data:` URI; an indexer need not fear a larger one.
    uint256 private constant _MAX_URI_BYTES = 8_192;

    uint32 private _lastPublisherId;
    mapping(uint32 publisherId => Publisher publisher) private _publishers;
    mapping(address custody => uint32 publisherId) private _publisherIds;
    mapping(uint32 publisherId => mapping(address account => Standing standing)) private _standings;

    /// @notice Fixes the name and version of the EIP-712 domain, which `eip712Domain()` tells (ERC-5267).
    constructor() EIP712("Firsthand PublisherRegistry", "1") {}

    /// @inheritdoc IPublisherRegistry
    function createPublisher(
        string calldata profileUri,
        bytes32 profileDigest,
        address recovery
    ) external returns (uint32 publisherId) {
        _requireNoPublisher(msg.sender);
        // Checked: after 2^32 - 1 publishers this reverts rather than give id 0.
        publisherId = ++_lastPublisherId;
        _unsafeSetCustody(publisherId, msg.sender);
        emit PublisherCreated(publisherId, msg.sender);
        _setProfile(publisherId, profileUri, profileDigest);
        if (recovery != address(0)) _unsafeSetRecovery(publisherId, recovery);
    }

    /// @inheritdoc IPublisherRegistry
    function setProfile(uint32 publisherId, string calldata uri, bytes32 digest) external {
        _requireCustody(publisherId);
        _setProfile(publisherId, uri, digest);
    }

    /// @inheritdoc IPublisherRegistry
    function addKey(uint32 publisherId, address key, uint256 deadline, bytes calldata consent) external {
        _requireCustody(publisherId);
        if (key == address(0)) revert PublisherRegistryKeyZero(publisherId);
        Standing storage standing = _standings[publisherId][key];
        if (standing.endedAt != 0) revert PublisherRegistryKeyEnded(publisherId, key);
        if (standing.addedAt != 0) revert PublisherRegistryKeyLive(publisherId, key);
        _requireNotCompromised(publisherId, key);
        _requireConsent(publisherId, key, deadline, consent);
        standing.addedAt = _now();
        emit KeyAdded(publisherId, key);
    }

    /// @inheritdoc IPublisherRegistry
    function endKey(uint32 publisherId, address key) external {
        if (msg.sender != key && msg.sender != custodyOf(publisherId)) {
            revert PublisherRegistryCallerNotCustodyOrKey(publisherId, key, msg.sender);
        }
        if (!isLive(publisherId, key)) revert PublisherRegistryKeyNotLive(publisherId, key);
        _unsafeEndKey(publisherId, key);
    }

    /// @inheritdoc IPublisherRegistry
    function declareCompromised(uint32 publisherId, address account, uint40 since) external {
        _requireCustody(publisherId);
        if (account == msg.sender) revert PublisherRegistryAccountIsCustody(publisherId, account);
        Standing storage standing = _standings[publisherId][account];
        // Earlier only: whoever steals custody could else declare, late, what it did itself, and nobody could mend it.
        if (standing.declaredAt != 0 && !(since < standing.compromisedSince)) {
            revert PublisherRegistryCompromiseDeclaredBefore(publisherId, account, standing.compromisedSince);
        }
        uint40 earliest = _firstTime(standing);
        if (earliest == 0) revert PublisherRegistryAccountUnknown(publisherId, account);
        if (since < earliest || since > _now()) {
            revert PublisherRegistryCompromiseOutOfRange(since, earliest, _now());
        }
        if (isLive(publisherId, account)) _unsafeEndKey(publisherId, account);
        standing.compromisedSince = since;
        standing.declaredAt = _now();
        emit CompromiseDeclared(publisherId, account, msg.sender, since);
    }

    /// @inheritdoc IPublisherRegistry
    function offerCustody(uint32 publisherId, address to) external {
        _requireCustody(publisherId);
        _publishers[publisherId].offeredTo = to;
        emit CustodyOffered(publisherId, msg.sender, to);
    }

    /// @inheritdoc IPublisherRegistry
    function recoverCustody(uint32 publisherId, address to) external {
        // No recovery account is the zero address, which sends no transaction.
        if (msg.sender != _publishers[publisherId].recovery) {
            revert PublisherRegistryCallerNotRecovery(publisherId, msg.sender);
        }
        _publishers[publisherId].recoveredTo = to;
        emit CustodyRecoveryOffered(publisherId, msg.sender, to);
    }

    /// @inheritdoc IPublisherRegistry
    function acceptCustody(uint32 publisherId) external {
        Publisher storage publisher = _publishers[publisherId];
        bool recovered = publisher.recoveredTo == msg.sender;
        if (!recovered && publisher.offeredTo != msg.sender) {
            revert PublisherRegistryCustodyNotOffered(publisherId, msg.sender);
        }
        _requireNoPublisher(msg.sender);
        _requireNotCompromised(publisherId, msg.sender);
        address from = publisher.custody;
        delete _publisherIds[from];
        _unsafeSetCustody(publisherId, msg.sender);
        delete publisher.offeredTo;
        emit CustodyTransferred(publisherId, from, msg.sender);
        if (!recovered) return;
        delete publisher.recoveredTo;
        // What a thief of custody began must not outlive the recovery.
        if (publisher.recoveryChangeAt != 0) _unsafeCancelRecoveryChange(publisherId);
    }

    /// @inheritdoc IPublisherRegistry
    function changeRecovery(uint32 publisherId, address to) external {
        _requireCustody(publisherId);
        Publisher storage publisher = _publishers[publisherId];
        if (to == publisher.recovery) revert PublisherRegistryRecoveryUnchanged(publisherId, to);
        if (publisher.recovery == address(0)) return _unsafeSetRecovery(publisherId, to);
        uint40 notBefore = _now() + _RECOVERY_DELAY;
        publisher.pendingRecovery = to;
        publisher.recoveryChangeAt = notBefore;
        emit RecoveryChangeStarted(publisherId, to, notBefore);
    }

    /// @inheritdoc IPublisherRegistry
    function finishRecoveryChange(uint32 publisherId) external {
        _requireRecoveryChange(publisherId);
        Publisher storage publisher = _publishers[publisherId];
        uint40 notBefore = publisher.recoveryChangeAt;
        if (block.timestamp < notBefore) revert PublisherRegistryRecoveryChangeTooEarly(notBefore, block.timestamp);
        uint40 notAfter = notBefore + _RECOVERY_WINDOW;
        if (block.timestamp > notAfter) revert PublisherRegistryRecoveryChangeTooLate(notAfter, block.timestamp);
        address to = publisher.pendingRecovery;
        delete publisher.pendingRecovery;
        delete publisher.recoveryChangeAt;
        delete publisher.recoveredTo;
        _unsafeSetRecovery(publisherId, to);
    }

    /// @inheritdoc IPublisherRegistry
    function cancelRecoveryChange(uint32 publisherId) external {
        _requireRecoveryChange(publisherId);
        _unsafeCancelRecoveryChange(publisherId);
    }

    /// @inheritdoc IPublisherRegistry
    function publisherOf(uint32 publisherId) external view returns (Publisher memory publisher) {
        return _publishers[publisherId];
    }

    /// @inheritdoc IPublisherRegistry
    function publisherIdOf(address custody) external view returns (uint32 publisherId) {
        return _publisherIds[custody];
    }

    /// @inheritdoc IPublisherRegistry
    function standingOf(uint32 publisherId, address account) external view returns (Standing memory standing) {
        return _standings[publisherId][account];
    }

    /// @inheritdoc IPublisherRegistry
    function wasLive(uint32 publisherId, address key, uint256 time) external view returns (bool live) {
        Standing memory standing = _standings[publisherId][key];
        if (standing.addedAt == 0 || time < standing.addedAt || time > block.timestamp) return false;
        // In the second of its end it was live for a while.
        bool endedBefore = standing.endedAt != 0 && time > standing.endedAt;
        return !endedBefore;
    }

    /// @inheritdoc IPublisherRegistry
    function isVoid(uint32 publisherId, address account, uint256 time) external view returns (bool void) {
        uint40 since = _standings[publisherId][account].compromisedSince;
        return since != 0 && !(time < since);
    }

    /// @inheritdoc IPublisherRegistry
    function custodyOf(uint32 publisherId) public view returns (address custody) {
        return _publishers[publisherId].custody;
    }

    /// @inheritdoc IPublisherRegistry
    function isLive(uint32 publisherId, address key) public view returns (bool live) {
        Standing storage standing = _standings[publisherId][key];
        return standing.addedAt != 0 && standing.endedAt == 0;
    }

    /// @dev Writes both directions and the account's first time. The caller has removed the former custody, and
    /// checked.
    function _unsafeSetCustody(uint32 publisherId, address custody) private {
        _publishers[publisherId].custody = custody;
        _publisherIds[custody] = publisherId;
        Standing storage standing = _standings[publisherId][custody];
        if (standing.custodySince == 0) standing.custodySince = _now();
    }

    /// @dev Writes and emits without any check.
    function _unsafeSetRecovery(uint32 publisherId, address recovery) private {
        _publishers[publisherId].recovery = recovery;
        emit RecoveryChanged(publisherId, recovery);
    }

    /// @dev Writes and emits without any check.
    function _unsafeCancelRecoveryChange(uint32 publisherId) private {
        delete _publishers[publisherId].pendingRecovery;
        delete _publishers[publisherId].recoveryChangeAt;
        emit RecoveryChangeCancelled(publisherId);
    }

    /// @dev Writes and emits without any check.
    function _unsafeEndKey(uint32 publisherId, address key) private {
        _standings[publisherId][key].endedAt = _now();
        emit KeyEnded(publisherId, key);
    }

    /// @dev The caller has checked who asks.
    function _setProfile(uint32 publisherId, string calldata uri, bytes32 digest) private {
        uint256 length = bytes(uri).length;
        if (length > _MAX_URI_BYTES) revert PublisherRegistryProfileUriTooLong(length);
        emit ProfileChanged(publisherId, uri, digest);
    }

    /// @dev Refuses an unknown publisher too: its custody is the zero address, which sends no transaction.
    function _requireCustody(uint32 publisherId) private view {
        if (msg.sender != custodyOf(publisherId)) revert PublisherRegistryCallerNotCustody(publisherId, msg.sender);
    }

    function _requireNoPublisher(address custody) private view {
        uint32 present = _publisherIds[custody];
        if (present != 0) revert PublisherRegistryCustodyTaken(custody, present);
    }

    function _requireNotCompromised(uint32 publisherId, address account) private view {
        if (_standings[publisherId][account].declaredAt != 0) {
            revert PublisherRegistryAccountCompromised(publisherId, account);
        }
    }

    /// @dev That custody asks, and that a change waits.
    function _requireRecoveryChange(uint32 publisherId) private view {
        _requireCustody(publisherId);
        if (_publishers[publisherId].recoveryChangeAt == 0) revert PublisherRegistryNoRecoveryChange(publisherId);
    }

    function _requireConsent(uint32 publisherId, address key, uint256 deadline, bytes calldata consent) private view {
        if (block.timestamp > deadline) revert PublisherRegistryConsentExpired(deadline, block.timestamp);
        uint256 latest = block.timestamp + Signatures.MAX_AHEAD;
        if (deadline > latest) revert PublisherRegistryConsentTooFarAhead(deadline, latest);
        bytes32 consented = keccak256(abi.encode(_KEY_CONSENT_TYPEHASH, publisherId, msg.sender, key, deadline));
        if (!Signatures.isValid(key, _hashTypedDataV4(consented), consent)) {
            revert PublisherRegistryConsentInvalid(publisherId, key);
        }
    }

    /// @dev When the account first could sign anything for the publisher, 0 for never.
    function _firstTime(Standing storage standing) private view returns (uint40) {
        uint40 added = standing.addedAt;
        uint40 custody = standing.custodySince;
        if (added == 0 || custody == 0) return added + custody;
        return added < custody ? added : custody;
    }

    /// @dev The time of this block. The cast loses nothing for 34,000 years.
    function _now() private view returns (uint40) {
        return uint40(block.timestamp);
    }
}
