// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Who publishes, and with which keys
/// @notice Gives each publisher a small id, one custody account, signing keys, a profile and, if it wants, a recovery
/// account. Custody manages the publisher; keys sign for it. The custody account signs for it only when it was added
/// as a key too. The recovery account can move custody, and nothing else.
/// @dev Normative text: docs/protocol.md, section 2.1.
interface IPublisherRegistry {
    /// @notice Who manages a publisher, and what is under way.
    /// @param custody The account that manages it; zero for a publisher that does not exist.
    /// @param recoveryChangeAt From when on, for seven days, `pendingRecovery` can be put into force, in seconds; 0
    /// where no change waits.
    /// @param recovery The account that can move custody, zero for none.
    /// @param pendingRecovery What `recovery` is to become; zero removes it.
    /// @param offeredTo Whom custody offered its place, zero for nobody.
    /// @param recoveredTo Whom recovery offered custody's place, zero for nobody.
    struct Publisher {
        address custody;
        uint40 recoveryChangeAt;
        address recovery;
        address pendingRecovery;
        address offeredTo;
        address recoveredTo;
    }

    /// @notice What an account is and was to one publisher. Times in seconds; 0 means never. Once set, the first three
    /// never change; the last two change together, when a declaration is extended to an earlier time.
    /// @dev One slot: 5 times 5 bytes.
    /// @param addedAt When it became a key.
    /// @param endedAt When it ceased to be a key.
    /// @param custodySince When it became custody for the first time.
    /// @param compromisedSince From when on what it signed is void.
    /// @param declaredAt When that was declared; earlier declarations of the account are in the log.
    struct Standing {
        uint40 addedAt;
        uint40 endedAt;
        uint40 custodySince;
        uint40 compromisedSince;
        uint40 declaredAt;
    }

    /// @notice A publisher came into being.
    /// @dev The indexer assumes:
    /// 1. ids rise by one from 1, in the order of the logs.
    /// 2. there is one such event for each id.
    /// 3. `custody` is custody of no other publisher at this log.
    /// @param publisherId The new publisher.
    /// @param custody The account that manages it.
    event PublisherCreated(uint32 indexed publisherId, address indexed custody);

    /// @notice A publisher's profile was set or replaced.
    /// @dev The indexer assumes:
    /// 1. a `PublisherCreated` of the publisher is in an earlier log.
    /// 2. the last such event of a publisher holds its profile.
    /// 3. `uri` has at most 8,192 bytes.
    /// It may not assume that `uri` is well-formed, reachable, or yields bytes of this digest.
    /// @param publisherId The publisher.
    /// @param uri Where the profile is; a `data:` URI carries it.
    /// @param digest SHA-256 of the bytes that `uri` yields.
    event ProfileChanged(uint32 indexed publisherId, string uri, bytes32 digest);

    /// @notice A key may sign for a publisher from here on.
    /// @dev The indexer assumes:
    /// 1. a `PublisherCreated` of the publisher is in an earlier log.
    /// 2. there is at most one such event for a pair of publisher and key.
    /// 3. the key consented to this publisher, is not the zero address, and was not declared compromised for it
    ///    before.
    /// 4. the time of its block is `standingOf(publisherId, key).addedAt`.
    /// It may not assume that a key belongs to one publisher only.
    /// @param publisherId The publisher.
    /// @param key The key: an account, or a contract that answers ERC-1271.
    event KeyAdded(uint32 indexed publisherId, address indexed key);

    /// @notice A key may no longer sign for a publisher, and never will again.
    /// @dev The indexer assumes:
    /// 1. a `KeyAdded` of the pair is in an earlier log.
    /// 2. there is at most one such event for a pair of publisher and key.
    /// 3. the time of its block is `standingOf(publisherId, key).endedAt`.
    /// @param publisherId The publisher.
    /// @param key The key.
    event KeyEnded(uint32 indexed publisherId, address indexed key);

    /// @notice Custody declared that what an account signed for the publisher from a time on is not the publisher's.
    /// @dev The indexer assumes:
    /// 1. the account was a key of the publisher or its custody before, and is not its custody at this log.
    /// 2. a later such event for the same pair of publisher and account has an earlier `since`.
    /// 3. if the account was a live key, its `KeyEnded` is the log before this one: neither key nor custody of the
    ///    publisher comes of it again.
    /// 4. `since` is not later than the block's time, and not earlier than the account became key or custody.
    /// 5. every registration and every change of state that the account signed for the publisher in a block of time
    ///    `since` or later is void, those in earlier logs included.
    /// 6. `custody` is custody of the publisher at this log.
    /// It may not assume that the publisher means it: `custody` may be in a thief's hands, and may be declared itself
    /// later. What is void stays void all the same.
    /// @param publisherId The publisher.
    /// @param account The key or former custody account.
    /// @param custody The account that declares.
    /// @param since The first second from which on all is void.
    event CompromiseDeclared(
        uint32 indexed publisherId,
        address indexed account,
        address indexed custody,
        uint40 since
    );

    /// @notice Custody offered its place to another account, or withdrew its offer.
    /// @dev The indexer assumes: a `PublisherCreated` of the publisher is in an earlier log; the last such event
    /// counts, until a `CustodyTransferred` of the publisher.
    /// @param publisherId The publisher.
    /// @param custody The account that offers.
    /// @param to The account that may accept; zero withdraws.
    event CustodyOffered(uint32 indexed publisherId, address indexed custody, address indexed to);

    /// @notice The recovery account offered custody's place to another account, or withdrew its offer.
    /// @dev The indexer assumes: `recovery` is the recovery account at this log; the last such event counts, until
    /// that account accepts or the recovery account changes.
    /// @param publisherId The publisher.
    /// @param recovery The recovery account.
    /// @param to The account that may accept; zero withdraws.
    event CustodyRecoveryOffered(uint32 indexed publisherId, address indexed recovery, address indexed to);

    /// @notice Another account manages the publisher from here on.
    /// @dev The indexer assumes:
    /// 1. `from` was custody of the publisher, and `to` of none.
    /// 2. `to` was offered it by an event before, and was not declared compromised for the publisher.
    /// 3. if recovery offered it, a change of the recovery account that waited is dropped by a
    ///    `RecoveryChangeCancelled` next.
    /// @param publisherId The publisher.
    /// @param from Who managed it.
    /// @param to Who manages it.
    event CustodyTransferred(uint32 indexed publisherId, address indexed from, address indexed to);

    /// @notice A change of the recovery account waits.
    /// @dev The indexer assumes: the publisher has a recovery account, another than `to`; the last such event counts.
    /// @param publisherId The publisher.
    /// @param to The account that is to become recovery; zero for none.
    /// @param notBefore From when on custody can put it into force: seven days from here. It can for seven days more.
    event RecoveryChangeStarted(uint32 indexed publisherId, address indexed to, uint40 notBefore);

    /// @notice The change of the recovery account that waited is dropped.
    /// @dev The indexer assumes: a `RecoveryChangeStarted` of the publisher is in an earlier log and was still
    /// waiting.
    /// @param publisherId The publisher.
    event RecoveryChangeCancelled(uint32 indexed publisherId);

    /// @notice The publisher has another recovery account from here on.
    /// @dev The indexer assumes: nothing waits any more, and what the former recovery account offered is withdrawn.
    /// @param publisherId The publisher.
    /// @param recovery The account, zero for none.
    event RecoveryChanged(uint32 indexed publisherId, address indexed recovery);

    /// @notice An account is custody of one publisher at most.
    /// @param custody The account that asked for another publisher.
    /// @param publisherId The publisher that it has already.
    error PublisherRegistryCustodyTaken(address custody, uint32 publisherId);

    /// @notice Only custody may do this. A publisher that does not exist has no custody.
    /// @param publisherId The publisher that was to be changed.
    /// @param caller The account that asked.
    error PublisherRegistryCallerNotCustody(uint32 publisherId, address caller);

    /// @notice Only the recovery account may do this.
    /// @param publisherId The publisher whose custody was to be moved.
    /// @param caller The account that asked.
    error PublisherRegistryCallerNotRecovery(uint32 publisherId, address caller);

    /// @notice Nobody offered custody to this account.
    /// @param publisherId The publisher whose custody it asked for.
    /// @param caller The account that asked.
    error PublisherRegistryCustodyNotOffered(uint32 publisherId, address caller);

    /// @notice Only custody, or the key itself, may end a key.
    /// @param publisherId The publisher whose key was to be ended.
    /// @param key The key.
    /// @param caller The account that asked.
    error PublisherRegistryCallerNotCustodyOrKey(uint32 publisherId, address key, address caller);

    /// @notice A profile's address has at most 8,192 bytes.
    /// @param length Its bytes.
    error PublisherRegistryProfileUriTooLong(uint256 length);

    /// @notice The zero address is nobody's key.
    /// @param publisherId The publisher that was to get it.
    error PublisherRegistryKeyZero(uint32 publisherId);

    /// @notice The key signs for the publisher already.
    /// @param publisherId The publisher.
    /// @param key The key.
    error PublisherRegistryKeyLive(uint32 publisherId, address key);

    /// @notice The key was ended, and an ended key never comes back.
    /// @param publisherId The publisher.
    /// @param key The key.
    error PublisherRegistryKeyEnded(uint32 publisherId, address key);

    /// @notice Only a live key can be ended.
    /// @param publisherId The publisher.
    /// @param key The key, never added or ended already.
    error PublisherRegistryKeyNotLive(uint32 publisherId, address key);

    /// @notice The account was declared compromised for this publisher: it becomes neither its key nor its custody.
    /// @param publisherId The publisher.
    /// @param account The account.
    error PublisherRegistryAccountCompromised(uint32 publisherId, address account);

    /// @notice The key's consent came too late.
    /// @param deadline The last second at which the consent holds.
    /// @param blockTime The time of this block.
    error PublisherRegistryConsentExpired(uint256 deadline, uint256 blockTime);

    /// @notice A consent holds for 30 days at most.
    /// @param deadline The last second at which the consent would hold.
    /// @param latest The latest that it may be now.
    error PublisherRegistryConsentTooFarAhead(uint256 deadline, uint256 latest);

    /// @notice The consent is neither the key's signature nor its ERC-1271 answer for this publisher, custody and
    /// deadline.
    /// @param publisherId The publisher.
    /// @param key The key that did not consent.
    error PublisherRegistryConsentInvalid(uint32 publisherId, address key);

    /// @notice Custody cannot disown what it signs itself: hand it over first.
    /// @param publisherId The publisher.
    /// @param custody Its custody account.
    error PublisherRegistryAccountIsCustody(uint32 publisherId, address custody);

    /// @notice The account was never key or custody of the publisher.
    /// @param publisherId The publisher.
    /// @param account The account.
    error PublisherRegistryAccountUnknown(uint32 publisherId, address account);

    /// @notice A declaration can only be extended to an earlier time: what is void stays void.
    /// @param publisherId The publisher.
    /// @param account The account.
    /// @param since From when on what it signed is void already.
    error PublisherRegistryCompromiseDeclaredBefore(uint32 publisherId, address account, uint40 since);

    /// @notice An account cannot have been compromised before it was one of the publisher's, nor in the future.
    /// @param since The time that was given.
    /// @param earliest When the account became key or custody.
    /// @param latest The time of this block.
    error PublisherRegistryCompromiseOutOfRange(uint40 since, uint40 earliest, uint40 latest);

    /// @notice The recovery account is this one already.
    /// @param publisherId The publisher.
    /// @param recovery Its recovery account.
    error PublisherRegistryRecoveryUnchanged(uint32 publisherId, address recovery);

    /// @notice No change of the recovery account waits.
    /// @param publisherId The publisher.
    error PublisherRegistryNoRecoveryChange(uint32 publisherId);

    /// @notice The change of the recovery account has to wait.
    /// @param notBefore From when on it can be put into force.
    /// @param blockTime The time of this block.
    error PublisherRegistryRecoveryChangeTooEarly(uint40 notBefore, uint256 blockTime);

    /// @notice The change of the recovery account waited too long: it has to begin anew.
    /// @param notAfter Until when it could be put into force.
    /// @param blockTime The time of this block.
    error PublisherRegistryRecoveryChangeTooLate(uint40 notAfter, uint256 blockTime);

    /// @notice Creates a publisher with the caller as custody, and sets its profile and recovery account.
    /// @param profileUri Where the profile is, at most 8,192 bytes.
    /// @param profileDigest SHA-256 of the bytes that `profileUri` yields.
    /// @param recovery The account that can move custody; zero for none yet.
    /// @return publisherId The next id, from 1.
    function createPublisher(
        string calldata profileUri,
        bytes32 profileDigest,
        address recovery
    ) external returns (uint32 publisherId);

    /// @notice Replaces the profile. For custody.
    /// @param publisherId The publisher.
    /// @param uri Where the profile is, at most 8,192 bytes.
    /// @param digest SHA-256 of the bytes that `uri` yields.
    function setProfile(uint32 publisherId, string calldata uri, bytes32 digest) external;

    /// @notice Lets a key sign for the publisher. For custody.
    /// @dev A consent names the publisher and its custody: an id alone could be somebody else's after a
    /// reorganisation of the chain. It needs no nonce, because a pair is added at most once.
    /// @param publisherId The publisher.
    /// @param key The key.
    /// @param deadline The last second, by the clock of the chain, at which the consent holds; at most 30 days ahead.
    /// @param consent The key's EIP-712 signature of
    /// `KeyConsent(uint32 publisherId,address custody,address key,uint256 deadline)` with the caller as custody, or
    /// what the key accepts for it by ERC-1271. The signature is tried first, so that an account with EIP-7702 code
    /// can consent by either.
    function addKey(uint32 publisherId, address key, uint256 deadline, bytes calldata consent) external;

    /// @notice Ends a key for good. For custody, and for the key itself.
    /// @param publisherId The publisher.
    /// @param key The key.
    function endKey(uint32 publisherId, address key) external;

    /// @notice Makes void all that an account signed for the publisher from a time on, for good, and ends it as a key.
    /// For custody. Nothing disappears: the records stay, disowned, beside both dates.
    /// @dev A former custody account can be declared too, because custody can revoke. Void in one step, however much
    /// the account signed. It can be declared again with an earlier time, and only so: whoever steals custody cannot
    /// protect what it did by declaring it late, and an honest guess that was too late can be mended.
    /// @param publisherId The publisher.
    /// @param account A key of the publisher, live or ended, or a former custody account; not the present one.
    /// @param since The first second from which on all is void: not before the account was one of the publisher's,
    /// not in the future, and earlier than what was declared of it before.
    function declareCompromised(uint32 publisherId, address account, uint40 since) external;

    /// @notice Offers custody to another account, which has to accept; another offer replaces it. For custody.
    /// @param publisherId The publisher.
    /// @param to The account; zero withdraws the offer.
    function offerCustody(uint32 publisherId, address to) external;

    /// @notice Offers custody to another account, which has to accept; another offer replaces it. For the recovery
    /// account.
    /// @dev Custody cannot withdraw it, and handing custody on does not end it: it would not help against a thief.
    /// Choose an account that was never key or custody of the publisher: such a one custody cannot declare
    /// compromised, and so cannot keep from accepting.
    /// @param publisherId The publisher.
    /// @param to The account; zero withdraws the offer.
    function recoverCustody(uint32 publisherId, address to) external;

    /// @notice Takes over custody that custody or recovery offered. For the account that it was offered to.
    /// @dev Where recovery offered it, custody's own offer and a waiting change of the recovery account fall away.
    /// @param publisherId The publisher.
    function acceptCustody(uint32 publisherId) external;

    /// @notice Names another recovery account. For custody. In force at once where there is none; otherwise it waits
    /// for seven days, in which the present one can still move custody. Asking again begins anew.
    /// @param publisherId The publisher.
    /// @param to The account; zero for none.
    function changeRecovery(uint32 publisherId, address to) external;

    /// @notice Puts a change of the recovery account into force that has waited for seven days, and not for more than
    /// fourteen. For custody.
    /// @param publisherId The publisher.
    function finishRecoveryChange(uint32 publisherId) external;

    /// @notice Drops a change of the recovery account that waits. For custody.
    /// @param publisherId The publisher.
    function cancelRecoveryChange(uint32 publisherId) external;

    /// @notice The account that manages a publisher.
    /// @param publisherId The publisher, existing or not.
    /// @return custody The account, or the zero address where there is no such publisher.
    function custodyOf(uint32 publisherId) external view returns (address custody);

    /// @notice Who manages a publisher, and what is under way.
    /// @param publisherId The publisher, existing or not.
    /// @return publisher All zero where there is no such publisher.
    function publisherOf(uint32 publisherId) external view returns (Publisher memory publisher);

    /// @notice The publisher that an account manages.
    /// @param custody The account.
    /// @return publisherId The publisher, 0 for none.
    function publisherIdOf(address custody) external view returns (uint32 publisherId);

    /// @notice What an account is and was to a publisher.
    /// @param publisherId The publisher, existing or not.
    /// @param account The account.
    /// @return standing All zero where it never was anything to it.
    function standingOf(uint32 publisherId, address account) external view returns (Standing memory standing);

    /// @notice Whether a key may sign for a publisher now: added and not ended.
    /// @param publisherId The publisher, existing or not.
    /// @param key The key.
    /// @return live True from the block of `KeyAdded` until `KeyEnded`.
    function isLive(uint32 publisherId, address key) external view returns (bool live);

    /// @notice Whether a key could sign for a publisher at a time: at some moment of that second it was live.
    /// @dev A fact of the past, which nothing that follows changes; whether what it signed still counts, `isVoid`
    /// says.
    /// @param publisherId The publisher, existing or not.
    /// @param key The key.
    /// @param time Seconds; the future is never true.
    /// @return live Whether it was live.
    function wasLive(uint32 publisherId, address key, uint256 time) external view returns (bool live);

    /// @notice Whether what an account signed for a publisher at a time is void. The one rule for registrations and
    /// changes of state.
    /// @dev Once true, it stays true. It decides by the second: what an account did honestly in the second from which
    /// on it is declared is void too.
    /// @param publisherId The publisher, existing or not.
    /// @param account Who signed.
    /// @param time The time of the block that holds it, in seconds.
    /// @return void Whether the publisher declared the account compromised since that time or an earlier one.
    function isVoid(uint32 publisherId, address account, uint256 time) external view returns (bool void);
}
