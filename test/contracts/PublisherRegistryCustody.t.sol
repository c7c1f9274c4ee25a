// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IPublisherRegistry } from "../../contracts/interfaces/IPublisherRegistry.sol";
import { MediaRegistryFixture } from "./MediaRegistryFixture.sol";
import { Vm, vm, within } from "./Vm.sol";

/// @dev Fuzz tests of custody, recovery and declarations of compromise. Publisher, keys and time are the fixture's.
contract PublisherRegistryCustodyTest is MediaRegistryFixture {
    address private constant _RECOVERY = address(0x5AFE);
    address private constant _THIEF = address(0xBAD);
    uint256 private constant _DELAY = 7 days;

    function test_aPublisherMayBeginWithARecoveryAccount(address recovery) public {
        vm.prank(_THIEF);
        uint32 id = _publishers.createPublisher("", 0, recovery);
        require(_publishers.publisherOf(id).recovery == recovery, "recovery");
        require(_publishers.publisherIdOf(_THIEF) == id, "custody of it");
        require(_publishers.standingOf(id, _THIEF).custodySince == _NOW, "custody since");
    }

    function test_aPublisherThatBeginsWithoutOneTellsOfNone() public {
        vm.recordLogs();
        vm.prank(_THIEF);
        _publishers.createPublisher("", 0, address(0));
        require(vm.getRecordedLogs().length == 2, "publisher and profile");
    }

    function test_aProfileUriHasAtMost8192Bytes(bool one) public {
        bytes memory uri = new bytes(one ? 8_193 : 8_192);
        bytes4 refusal = IPublisherRegistry.PublisherRegistryProfileUriTooLong.selector;
        if (one) vm.expectRevert(abi.encodeWithSelector(refusal, 8_193));
        vm.prank(_CUSTODY);
        _publishers.setProfile(_id, string(uri), 0);
    }

    function test_custodyMovesWhenItsOfferIsAccepted(address to) public {
        vm.assume(to != address(0) && to != _CUSTODY);
        vm.expectEmit(address(_publishers));
        emit IPublisherRegistry.CustodyOffered(_id, _CUSTODY, to);
        _offer(to);
        require(_publishers.publisherOf(_id).offeredTo == to, "offered");
        require(_publishers.custodyOf(_id) == _CUSTODY, "not before it is accepted");
        vm.warp(_NOW + 5);
        vm.expectEmit(address(_publishers));
        emit IPublisherRegistry.CustodyTransferred(_id, _CUSTODY, to);
        _accept(to);
        _requireCustody(to);
        require(_publishers.publisherIdOf(_CUSTODY) == 0, "the former one has none");
        require(_publishers.standingOf(_id, to).custodySince == _NOW + 5, "since");
        vm.prank(to);
        _publishers.offerCustody(_id, _CUSTODY);
        _accept(_CUSTODY);
        require(_publishers.standingOf(_id, _CUSTODY).custodySince == _NOW, "the first time stays");
    }

    function test_onlyWhoWasOfferedItAccepts(address stranger, address to, bool byRecovery) public {
        vm.assume(stranger != to && stranger != address(0));
        _setRecovery(_RECOVERY);
        if (byRecovery) _recover(to);
        else _offer(to);
        _refuseAcceptance(stranger);
        _requireCustody(_CUSTODY);
    }

    function test_anOfferIsWithdrawnByAnotherOrByNone(address first, address second, bool byRecovery) public {
        vm.assume(first != second && first != address(0));
        _setRecovery(_RECOVERY);
        if (byRecovery) {
            _recover(first);
            _recover(second);
        } else {
            _offer(first);
            _offer(second);
        }
        _refuseAcceptance(first);
    }

    function test_anAcceptedOfferIsSpent(address to) public {
        vm.assume(to != address(0) && to != _CUSTODY && to != _THIEF);
        _offer(to);
        _accept(to);
        vm.prank(to);
        _publishers.offerCustody(_id, _THIEF);
        _accept(_THIEF);
        _refuseAcceptance(to);
        require(_publishers.publisherOf(_id).offeredTo == address(0), "no offer is left");
    }

    function test_custodyOfOnePublisherCannotTakeAnother(address other) public {
        vm.assume(other != address(0) && other != _CUSTODY);
        uint32 id = _create(other);
        _offer(other);
        vm.expectRevert(abi.encodeWithSelector(IPublisherRegistry.PublisherRegistryCustodyTaken.selector, other, id));
        _accept(other);
        _requireCustody(_CUSTODY);
    }

    function test_strangersManageNothing(address stranger, uint8 what) public {
        vm.assume(stranger != _CUSTODY && stranger != address(0) && stranger != _RECOVERY);
        _setRecovery(_RECOVERY);
        bytes4 refusal = IPublisherRegistry.PublisherRegistryCallerNotCustody.selector;
        if (what % 7 == 6) refusal = IPublisherRegistry.PublisherRegistryCallerNotRecovery.selector;
        vm.expectRevert(abi.encodeWithSelector(refusal, _id, stranger));
        vm.prank(stranger);
        if (what % 7 == 0) _publishers.offerCustody(_id, stranger);
        else if (what % 7 == 1) _publishers.changeRecovery(_id, stranger);
        else if (what % 7 == 2) _publishers.finishRecoveryChange(_id);
        else if (what % 7 == 3) _publishers.cancelRecoveryChange(_id);
        else if (what % 7 == 4) _publishers.declareCompromised(_id, _key, uint40(_NOW));
        else if (what % 7 == 5) _publishers.setProfile(_id, "", 0);
        else _publishers.recoverCustody(_id, stranger);
    }

    function test_aPublisherWithoutRecoveryIsNotRecovered(address caller) public {
        vm.assume(caller != address(0));
        bytes4 refusal = IPublisherRegistry.PublisherRegistryCallerNotRecovery.selector;
        vm.expectRevert(abi.encodeWithSelector(refusal, _id, caller));
        vm.prank(caller);
        _publishers.recoverCustody(_id, caller);
    }

    function test_theFirstRecoveryAccountIsSetAtOnce(address recovery) public {
        vm.assume(recovery != address(0));
        vm.expectEmit(address(_publishers));
        emit IPublisherRegistry.RecoveryChanged(_id, recovery);
        _setRecovery(recovery);
        require(_publishers.publisherOf(_id).recovery == recovery, "set");
        require(_publishers.publisherOf(_id).recoveryChangeAt == 0, "nothing waits");
    }

    function test_anotherRecoveryAccountWaitsForSevenDays(address to, uint32 early) public {
        vm.assume(to != _RECOVERY);
        _setRecovery(_RECOVERY);
        vm.expectEmit(address(_publishers));
        emit IPublisherRegistry.RecoveryChangeStarted(_id, to, uint40(_NOW + _DELAY));
        _setRecovery(to);
        uint256 time = within(early, _NOW, _NOW + _DELAY - 1);
        vm.warp(time);
        bytes4 refusal = IPublisherRegistry.PublisherRegistryRecoveryChangeTooEarly.selector;
        vm.expectRevert(abi.encodeWithSelector(refusal, uint40(_NOW + _DELAY), time));
        _finish();
        require(_publishers.publisherOf(_id).recovery == _RECOVERY, "not before");
        vm.warp(_NOW + _DELAY);
        vm.expectEmit(address(_publishers));
        emit IPublisherRegistry.RecoveryChanged(_id, to);
        _finish();
        IPublisherRegistry.Publisher memory publisher = _publishers.publisherOf(_id);
        require(publisher.recovery == to && publisher.pendingRecovery == address(0), "changed");
        require(publisher.recoveryChangeAt == 0, "nothing waits");
    }

    function test_aChangeThatBeginsAnewWaitsAnew(address to) public {
        vm.assume(to != _RECOVERY);
        _setRecovery(_RECOVERY);
        _setRecovery(_THIEF);
        vm.warp(_NOW + 3 days);
        _setRecovery(to);
        vm.warp(_NOW + _DELAY);
        bytes4 refusal = IPublisherRegistry.PublisherRegistryRecoveryChangeTooEarly.selector;
        vm.expectRevert(abi.encodeWithSelector(refusal, uint40(_NOW + 3 days + _DELAY), _NOW + _DELAY));
        _finish();
    }

    function test_aChangeToTheSameIsRefused(address recovery) public {
        if (recovery != address(0)) _setRecovery(recovery);
        bytes4 refusal = IPublisherRegistry.PublisherRegistryRecoveryUnchanged.selector;
        vm.expectRevert(abi.encodeWithSelector(refusal, _id, recovery));
        _setRecovery(recovery);
    }

    function test_aChangeIsDropped() public {
        _setRecovery(_RECOVERY);
        _setRecovery(_THIEF);
        vm.expectEmit(address(_publishers));
        emit IPublisherRegistry.RecoveryChangeCancelled(_id);
        vm.prank(_CUSTODY);
        _publishers.cancelRecoveryChange(_id);
        _refuseWithoutChange();
        require(_publishers.publisherOf(_id).pendingRecovery == address(0), "nothing waits");
    }

    function test_withoutAChangeThereIsNoneToFinishOrToDrop() public {
        _setRecovery(_RECOVERY);
        _refuseWithoutChange();
    }

    function test_theFormerRecoveryAccountsOfferEndsWithIt(address to) public {
        vm.assume(to != address(0) && to != _CUSTODY);
        _setRecovery(_RECOVERY);
        _setRecovery(address(0));
        _recover(to);
        vm.warp(_NOW + _DELAY);
        _finish();
        _refuseAcceptance(to);
    }

    function test_aThiefOfCustodyIsShutOutByRecovery(address honest, uint32 late) public {
        vm.assume(honest != address(0) && honest != _CUSTODY && honest != _THIEF);
        _setRecovery(_RECOVERY);
        _recover(honest);
        // The thief hands custody on, offers it further, and begins to change recovery.
        _offer(_THIEF);
        _accept(_THIEF);
        vm.prank(_THIEF);
        _publishers.changeRecovery(_id, _THIEF);
        vm.prank(_THIEF);
        _publishers.offerCustody(_id, address(0xBAD2));
        vm.warp(_NOW + within(late, 0, _DELAY - 1));
        vm.recordLogs();
        _accept(honest);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        require(logs.length == 2, "transferred, then cancelled");
        require(logs[0].topics[0] == IPublisherRegistry.CustodyTransferred.selector, "transferred");
        require(logs[1].topics[0] == IPublisherRegistry.RecoveryChangeCancelled.selector, "cancelled");
        _requireCustody(honest);
        IPublisherRegistry.Publisher memory publisher = _publishers.publisherOf(_id);
        require(publisher.recovery == _RECOVERY && publisher.recoveryChangeAt == 0, "recovery stays");
        require(publisher.offeredTo == address(0) && publisher.recoveredTo == address(0), "no offer is left");
        _refuseAcceptance(address(0xBAD2));
    }

    function test_whereNoChangeWaitsNoneIsCancelled(address honest) public {
        vm.assume(honest != address(0) && honest != _CUSTODY);
        _setRecovery(_RECOVERY);
        _recover(honest);
        vm.recordLogs();
        _accept(honest);
        require(vm.getRecordedLogs().length == 1, "transferred, and no more");
    }

    function test_acceptingCustodysOfferLeavesRecoverysChangeAndOffer(address to) public {
        vm.assume(to != address(0) && to != _CUSTODY && to != _THIEF);
        _setRecovery(_RECOVERY);
        _setRecovery(address(0));
        _recover(_THIEF);
        _offer(to);
        _accept(to);
        IPublisherRegistry.Publisher memory publisher = _publishers.publisherOf(_id);
        require(publisher.recoveredTo == _THIEF, "recovery's offer stands");
        require(publisher.recoveryChangeAt == _NOW + _DELAY, "the change still waits");
    }

    function test_aDeclarationIsRememberedWithBothTimes(uint40 since, uint32 later, bool ended) public {
        uint256 now_ = _NOW + later;
        since = uint40(within(since, _NOW, now_));
        vm.warp(now_);
        address account = ended ? _endedKey : _key;
        vm.recordLogs();
        _declare(account, since);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        require(logs.length == (ended ? 1 : 2), "a live key ends first");
        require(logs[logs.length - 1].topics[0] == IPublisherRegistry.CompromiseDeclared.selector, "declared");
        if (!ended) require(logs[0].topics[0] == IPublisherRegistry.KeyEnded.selector, "ended");
        IPublisherRegistry.Standing memory standing = _publishers.standingOf(_id, account);
        require(standing.compromisedSince == since && standing.declaredAt == now_, "both times");
        require(standing.addedAt == _NOW, "added as before");
        require(standing.endedAt == (ended ? _NOW : now_), "ended");
        require(!_publishers.isLive(_id, account), "not live");
    }

    function test_whatItSignedSinceThenIsVoidAndNothingElse(uint40 since, uint256 time, uint32 later) public {
        uint256 now_ = _NOW + later;
        since = uint40(within(since, _NOW, now_));
        vm.warp(now_);
        require(!_publishers.isVoid(_id, _key, time), "not before it is declared");
        _declare(_key, since);
        require(_publishers.isVoid(_id, _key, time) == (time >= since), "from then on");
        require(!_publishers.isVoid(_id, _key, since - 1) && _publishers.isVoid(_id, _key, since), "to the second");
        require(!_publishers.isVoid(_id, _otherKey, time), "not another key's");
        require(!_publishers.isVoid(_id + 1, _key, time), "not for another publisher");
    }

    function test_sinceLiesBetweenItsFirstTimeAndNow(uint40 since, uint32 later) public {
        uint256 now_ = _NOW + later;
        vm.assume(since < _NOW || since > now_);
        vm.warp(now_);
        _refuseDeclaration(_key, since, now_);
        _refuseDeclaration(_key, uint40(_NOW - 1), now_);
        _refuseDeclaration(_key, uint40(now_ + 1), now_);
    }

    function test_aDeclarationIsExtendedToAnEarlierTimeOnly(uint32 first, uint40 second, uint32 later) public {
        uint256 since = _NOW + 1 + first;
        vm.warp(since + later);
        _declare(_key, since);
        vm.warp(since + later + 5);
        second = uint40(within(second, _NOW, since + later + 5));
        bool extends = second < since;
        bytes4 refusal = IPublisherRegistry.PublisherRegistryCompromiseDeclaredBefore.selector;
        vm.expectRevert(abi.encodeWithSelector(refusal, _id, _key, uint40(since)));
        _declare(_key, since);
        vm.recordLogs();
        if (!extends) vm.expectRevert(abi.encodeWithSelector(refusal, _id, _key, uint40(since)));
        _declare(_key, second);
        IPublisherRegistry.Standing memory standing = _publishers.standingOf(_id, _key);
        require(standing.compromisedSince == (extends ? second : since), "since");
        require(standing.declaredAt == (extends ? since + later + 5 : since + later), "the time of the declaration");
        require(standing.endedAt == since + later, "ended once");
        require(vm.getRecordedLogs().length == (extends ? 1 : 0), "and told");
        require(_publishers.isVoid(_id, _key, since), "what is void stays void");
        require(!extends || !_publishers.isVoid(_id, _key, second - 1), "and no more than was declared");
    }

    function test_aDeclarationSaysWhoMadeIt(address to) public {
        vm.assume(to != address(0) && to != _CUSTODY);
        _offer(to);
        _accept(to);
        vm.expectEmit(address(_publishers));
        emit IPublisherRegistry.CompromiseDeclared(_id, _CUSTODY, to, uint40(_NOW));
        vm.prank(to);
        _publishers.declareCompromised(_id, _CUSTODY, uint40(_NOW));
    }

    /// @dev A thief of custody cannot protect what it did by declaring it late.
    function test_aThiefsOwnDeclarationIsExtended(bool ofCustody) public {
        _setRecovery(_RECOVERY);
        vm.warp(_NOW + 100);
        address account = ofCustody ? _CUSTODY : vm.addr(9);
        if (!ofCustody) _addKeyBy(_CUSTODY, 9, _NOW + 100);
        _offer(_THIEF);
        _accept(_THIEF);
        vm.warp(_NOW + 101);
        vm.prank(_THIEF);
        _publishers.declareCompromised(_id, account, uint40(_NOW + 101));
        require(!_publishers.isVoid(_id, account, _NOW + 100), "the theft is not covered");
        _recover(address(0x4040));
        _accept(address(0x4040));
        vm.prank(address(0x4040));
        _publishers.declareCompromised(_id, account, uint40(_NOW + 100));
        require(_publishers.isVoid(_id, account, _NOW + 100), "now it is");
    }

    function test_aChangeThatWaitedTooLongBeginsAnew(uint32 late) public {
        _setRecovery(_RECOVERY);
        _setRecovery(_THIEF);
        uint256 last = _NOW + 2 * _DELAY;
        uint256 time = last + 1 + late;
        vm.warp(time);
        bytes4 refusal = IPublisherRegistry.PublisherRegistryRecoveryChangeTooLate.selector;
        vm.expectRevert(abi.encodeWithSelector(refusal, uint40(last), time));
        _finish();
        require(_publishers.publisherOf(_id).recovery == _RECOVERY, "as it was");
        _setRecovery(_THIEF);
        vm.warp(time + 2 * _DELAY);
        _finish();
        require(_publishers.publisherOf(_id).recovery == _THIEF, "to the last second");
    }

    function test_severalCallsAreOneTransaction() public {
        vm.warp(_NOW + 1);
        bytes[] memory calls = new bytes[](3);
        calls[0] = abi.encodeCall(_publishers.declareCompromised, (_id, _key, uint40(_NOW + 1)));
        calls[1] = abi.encodeCall(_publishers.endKey, (_id, _otherKey));
        calls[2] = abi.encodeCall(_publishers.offerCustody, (_id, _THIEF));
        vm.prank(_CUSTODY);
        _publishers.multicall(calls);
        require(_publishers.isVoid(_id, _key, _NOW + 1), "declared");
        require(!_publishers.isLive(_id, _otherKey), "ended");
        require(_publishers.publisherOf(_id).offeredTo == _THIEF, "offered");
        // Each as if it were sent by itself: a stranger's are refused, and with one all.
        calls[0] = abi.encodeCall(_publishers.createPublisher, ("", bytes32(0), address(0)));
        bytes4 refusal = IPublisherRegistry.PublisherRegistryCallerNotCustodyOrKey.selector;
        vm.expectRevert(abi.encodeWithSelector(refusal, _id, _otherKey, _THIEF));
        vm.prank(_THIEF);
        _publishers.multicall(calls);
        require(_publishers.publisherIdOf(_THIEF) == 0, "none or all");
    }

    function test_anAccountThatWasNothingIsNotDeclared(address account) public {
        vm.assume(account != _CUSTODY && account != _key && account != _otherKey && account != _endedKey);
        bytes4 refusal = IPublisherRegistry.PublisherRegistryAccountUnknown.selector;
        vm.expectRevert(abi.encodeWithSelector(refusal, _id, account));
        _declare(account, _NOW);
    }

    function test_custodyIsNotDeclaredBeforeItIsHandedOver(address to) public {
        vm.assume(to != address(0) && to != _CUSTODY);
        bytes4 refusal = IPublisherRegistry.PublisherRegistryAccountIsCustody.selector;
        vm.expectRevert(abi.encodeWithSelector(refusal, _id, _CUSTODY));
        _declare(_CUSTODY, _NOW);
        _offer(to);
        _accept(to);
        vm.prank(to);
        _publishers.declareCompromised(_id, _CUSTODY, uint40(_NOW));
        require(_publishers.isVoid(_id, _CUSTODY, _NOW), "the former custody account");
        vm.prank(to);
        _publishers.offerCustody(_id, _CUSTODY);
        vm.expectRevert(
            abi.encodeWithSelector(IPublisherRegistry.PublisherRegistryAccountCompromised.selector, _id, _CUSTODY)
        );
        _accept(_CUSTODY);
    }

    function test_theFirstTimeCountsOfAnAccountThatWasBoth(bool keyFirst) public {
        address account = vm.addr(9);
        if (keyFirst) _addKey(_CUSTODY, _id, 9);
        vm.warp(_NOW + 10);
        _offer(account);
        _accept(account);
        if (!keyFirst) {
            vm.warp(_NOW + 20);
            _addKeyBy(account, 9, _NOW + 20);
        }
        vm.prank(account);
        _publishers.offerCustody(_id, _CUSTODY);
        _accept(_CUSTODY);
        vm.warp(_NOW + 30);
        uint40 first = uint40(keyFirst ? _NOW : _NOW + 10);
        bytes4 refusal = IPublisherRegistry.PublisherRegistryCompromiseOutOfRange.selector;
        vm.expectRevert(abi.encodeWithSelector(refusal, first - 1, first, _NOW + 30));
        _declare(account, first - 1);
        _declare(account, first);
        require(_publishers.isVoid(_id, account, first), "since its first time");
    }

    function test_aDeclaredFormerCustodyAccountDoesNotBecomeAKey() public {
        address account = vm.addr(9);
        _offer(account);
        _accept(account);
        vm.prank(account);
        _publishers.offerCustody(_id, _CUSTODY);
        _accept(_CUSTODY);
        _declare(account, _NOW);
        (uint256 deadline, bytes memory consent) = _consent(9, _NOW);
        vm.expectRevert(
            abi.encodeWithSelector(IPublisherRegistry.PublisherRegistryAccountCompromised.selector, _id, account)
        );
        vm.prank(_CUSTODY);
        _publishers.addKey(_id, account, deadline, consent);
    }

    function test_aConsentIsForTheCustodyThatItNames(address to) public {
        vm.assume(to != address(0) && to != _CUSTODY);
        (uint256 deadline, bytes memory consent) = _consent(9, _NOW + 1);
        _offer(to);
        _accept(to);
        bytes4 refusal = IPublisherRegistry.PublisherRegistryConsentInvalid.selector;
        vm.expectRevert(abi.encodeWithSelector(refusal, _id, vm.addr(9)));
        vm.prank(to);
        _publishers.addKey(_id, vm.addr(9), deadline, consent);
        _addKeyBy(to, 9, _NOW + 1);
        require(_publishers.isLive(_id, vm.addr(9)), "its own");
    }

    function test_aConsentHoldsForThirtyDaysAtMost(uint32 more) public {
        uint256 latest = _NOW + 30 days;
        uint256 deadline = latest + 1 + more;
        (, bytes memory consent) = _consent(9, deadline);
        bytes4 refusal = IPublisherRegistry.PublisherRegistryConsentTooFarAhead.selector;
        vm.expectRevert(abi.encodeWithSelector(refusal, deadline, latest));
        vm.prank(_CUSTODY);
        _publishers.addKey(_id, vm.addr(9), deadline, consent);
        _addKeyBy(_CUSTODY, 9, latest);
        require(_publishers.isLive(_id, vm.addr(9)), "to the second");
    }

    function test_aKeyWasLiveFromItsFirstSecondToItsLast(uint32 life, uint256 time) public {
        vm.warp(_NOW + life);
        vm.prank(_CUSTODY);
        _publishers.endKey(_id, _key);
        vm.warp(_NOW + uint256(life) + 10);
        time = within(time, _NOW - 10, _NOW + uint256(life) + 20);
        bool expected = time >= _NOW && time <= _NOW + life;
        require(_publishers.wasLive(_id, _key, time) == expected, "ended");
        require(_publishers.wasLive(_id, _key, _NOW) && _publishers.wasLive(_id, _key, _NOW + life), "both ends");
        require(!_publishers.wasLive(_id, _key, _NOW - 1), "not before");
        require(!_publishers.wasLive(_id, _key, _NOW + uint256(life) + 1), "not after");
    }

    function test_aLiveKeyWasLiveUntilNowAndAStrangerNever(uint256 time, uint32 later, address stranger) public {
        vm.assume(stranger != _key && stranger != _otherKey && stranger != _endedKey);
        vm.warp(_NOW + later);
        require(_publishers.wasLive(_id, _key, time) == (time >= _NOW && time <= _NOW + later), "live");
        require(!_publishers.wasLive(_id, stranger, time), "a stranger");
        require(_publishers.wasLive(_id, _key, _NOW + later), "now");
        require(!_publishers.wasLive(_id, _key, _NOW + uint256(later) + 1), "not the future");
    }

    function _offer(address to) private {
        vm.prank(_publishers.custodyOf(_id));
        _publishers.offerCustody(_id, to);
    }

    function _recover(address to) private {
        vm.expectEmit(address(_publishers));
        emit IPublisherRegistry.CustodyRecoveryOffered(_id, _RECOVERY, to);
        vm.prank(_RECOVERY);
        _publishers.recoverCustody(_id, to);
        require(_publishers.publisherOf(_id).recoveredTo == to, "offered by recovery");
    }

    function _accept(address to) private {
        vm.prank(to);
        _publishers.acceptCustody(_id);
    }

    function _setRecovery(address to) private {
        vm.prank(_CUSTODY);
        _publishers.changeRecovery(_id, to);
    }

    function _finish() private {
        vm.prank(_CUSTODY);
        _publishers.finishRecoveryChange(_id);
    }

    function _refuseAcceptance(address account) private {
        bytes4 refusal = IPublisherRegistry.PublisherRegistryCustodyNotOffered.selector;
        vm.expectRevert(abi.encodeWithSelector(refusal, _id, account));
        _accept(account);
    }

    function _refuseWithoutChange() private {
        bytes4 refusal = IPublisherRegistry.PublisherRegistryNoRecoveryChange.selector;
        vm.expectRevert(abi.encodeWithSelector(refusal, _id));
        _finish();
        vm.expectRevert(abi.encodeWithSelector(refusal, _id));
        vm.prank(_CUSTODY);
        _publishers.cancelRecoveryChange(_id);
    }

    function _refuseDeclaration(address account, uint40 since, uint256 now_) private {
        bytes4 refusal = IPublisherRegistry.PublisherRegistryCompromiseOutOfRange.selector;
        vm.expectRevert(abi.encodeWithSelector(refusal, since, uint40(_NOW), uint40(now_)));
        _declare(account, since);
        require(_publishers.standingOf(_id, account).declaredAt == 0, "nothing declared");
    }

    function _requireCustody(address custody) private view {
        require(_publishers.custodyOf(_id) == custody, "custody");
        require(_publishers.publisherIdOf(custody) == _id, "the other direction");
    }
}
