// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Who publishes, and with which keys
/// @notice Gives each publisher a small id, one custody account, signing keys and a profile. Custody manages the
/// publisher; keys sign for it. The custody account signs for it only when it was added as a key too.
/// @dev Normative text: docs/protocol.md, section 2.1.
interface IPublisherRegistry {
    /// @notice What a key is to one publisher. It moves only forwards: None, Live, Ended.
    enum KeyState {
        None,
        Live,
        Ended
    }

    /// @notice A publisher came into being.
    /// @dev The indexer assumes:
    /// 1. ids rise by one from 1, in the order of the logs.
    /// 2. there is one such event for each id.
    /// 3. `custody` is custody of no other publisher.
    /// @param publisherId The new publisher.
    /// @param custody The account that manages it.
    event PublisherCreated(uint32 indexed publisherId, address indexed custody);

    /// @notice A publisher's profile was set or replaced.
    /// @dev The indexer assumes:
    /// 1. a `PublisherCreated` of the publisher is in an earlier log.
    /// 2. the last such event of a publisher holds its profile.
    /// It may not assume that `uri` is well-formed, reachable, short, or yields bytes of this digest.
    /// @param publisherId The publisher.
    /// @param uri Where the profile is; a `data:` URI carries it.
    /// @param digest SHA-256 of the bytes that `uri` yields.
    event ProfileChanged(uint32 indexed publisherId, string uri, bytes32 digest);

    /// @notice A key may sign for a publisher from here on.
    /// @dev The indexer assumes:
    /// 1. a `PublisherCreated` of the publisher is in an earlier log.
    /// 2. there is at most one such event for a pair of publisher and key.
    /// 3. the key consented to this publisher, and is not the zero address.
    /// It may not assume that a key belongs to one publisher only.
    /// @param publisherId The publisher.
    /// @param key The key: an account, or a contract that answers ERC-1271.
    event KeyAdded(uint32 indexed publisherId, address indexed key);

    /// @notice A key may no longer sign for a publisher, and never will again.
    /// @dev The indexer assumes:
    /// 1. a `KeyAdded` of the pair is in an earlier log.
    /// 2. there is at most one such event for a pair of publisher and key.
    /// @param publisherId The publisher.
    /// @param key The key.
    event KeyEnded(uint32 indexed publisherId, address indexed key);

    /// @notice An account is custody of one publisher at most.
    /// @param custody The account that asked for another publisher.
    /// @param publisherId The publisher that it has already.
    error PublisherRegistryCustodyTaken(address custody, uint32 publisherId);

    /// @notice Only custody may do this. A publisher that does not exist has no custody.
    /// @param publisherId The publisher that was to be changed.
    /// @param caller The account that asked.
    error PublisherRegistryCallerNotCustody(uint32 publisherId, address caller);

    /// @notice Only custody, or the key itself, may end a key.
    /// @param publisherId The publisher whose key was to be ended.
    /// @param key The key.
    /// @param caller The account that asked.
    error PublisherRegistryCallerNotCustodyOrKey(uint32 publisherId, address key, address caller);

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

    /// @notice The key's consent came too late.
    /// @param deadline The last second at which the consent holds.
    /// @param blockTime The time of this block.
    error PublisherRegistryConsentExpired(uint256 deadline, uint256 blockTime);

    /// @notice The consent is neither the key's signature nor its ERC-1271 answer for this publisher and deadline.
    /// @param publisherId The publisher.
    /// @param key The key that did not consent.
    error PublisherRegistryConsentInvalid(uint32 publisherId, address key);

    /// @notice Creates a publisher with the caller as custody, and sets its profile.
    /// @param profileUri Where the profile is.
    /// @param profileDigest SHA-256 of the bytes that `profileUri` yields.
    /// @return publisherId The next id, from 1.
    function createPublisher(string calldata profileUri, bytes32 profileDigest) external returns (uint32 publisherId);

    /// @notice Lets a key sign for the publisher. For custody.
    /// @dev A consent names the publisher by id alone, so a key signs it after the publisher exists: before that,
    /// somebody else may get the id. It needs no nonce, because a pair is added at most once.
    /// @param publisherId The publisher.
    /// @param key The key.
    /// @param deadline The last second, by the clock of the chain, at which the consent holds.
    /// @param consent The key's EIP-712 signature of `KeyConsent(uint32 publisherId,address key,uint256 deadline)`, or
    /// what the key accepts for it by ERC-1271. The signature is tried first, so that an account with EIP-7702 code
    /// can consent by either.
    function addKey(uint32 publisherId, address key, uint256 deadline, bytes calldata consent) external;

    /// @notice Ends a key for good. For custody, and for the key itself.
    /// @param publisherId The publisher.
    /// @param key The key.
    function endKey(uint32 publisherId, address key) external;

    /// @notice Replaces the profile. For custody.
    /// @param publisherId The publisher.
    /// @param uri Where the profile is.
    /// @param digest SHA-256 of the bytes that `uri` yields.
    function setProfile(uint32 publisherId, string calldata uri, bytes32 digest) external;

    /// @notice Whether a key may sign for a publisher now: added and not ended.
    /// @param publisherId The publisher, existing or not.
    /// @param key The key.
    /// @return live True from the block of `KeyAdded` until `KeyEnded`.
    function isLive(uint32 publisherId, address key) external view returns (bool live);

    /// @notice The account that manages a publisher.
    /// @param publisherId The publisher, existing or not.
    /// @return custody The account, or the zero address where there is no such publisher.
    function custodyOf(uint32 publisherId) external view returns (address custody);
}
