// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IMediaRegistry } from "../../contracts/interfaces/IMediaRegistry.sol";
import { MediaRegistry } from "../../contracts/MediaRegistry.sol";
import { PublisherRegistry } from "../../contracts/PublisherRegistry.sol";
import { MediaRegistryActors } from "./MediaRegistryActors.sol";
import { MediaRegistryExpected } from "./MediaRegistryExpected.sol";

/// @dev What holds after any sequence of calls by publishers, thieves, relayers and strangers.
contract MediaRegistryInvariantsTest {
    MediaRegistryActors private _actors;

    function setUp() public {
        PublisherRegistry publishers = new PublisherRegistry();
        _actors = new MediaRegistryActors(publishers, new MediaRegistry(publishers));
    }

    /// @dev The fuzzer calls nothing but the actors.
    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_actors);
    }

    /// @dev A record that is not void never changes publisher, signer, time or commitment; what a compromised key did from
    /// the time on is void, what it did before is not.
    function invariant_recordsAreAsTheyWereWritten() public view {
        for (uint256 i = 0; i < _actors.recordCount(); ++i) {
            (bytes32 digest, MediaRegistryExpected.Written memory written) = _actors.recordAt(i);
            bytes32 recordId = _actors.registry().recordIdOf(_actors.id(), digest);
            (IMediaRegistry.Record memory record, bool disowned) = _actors.registry().recordOf(recordId);
            require(record.publisherId == _actors.id() && record.signer == written.signer, "whose");
            require(record.registeredAt == written.time && record.commitment == written.commitment, "what and when");
            require(disowned == _actors.expectVoid(written.signer, written.time), "void by the rule");
        }
    }

    /// @dev Changes of state are those that a live key or custody made, and void by the same rule; of digests that nobody
    /// registered too.
    function invariant_statesAreAsTheyWereSaid() public view {
        for (uint256 i = 0; i < _actors.digestCount(); ++i) {
            bytes32 digest = _actors.digestAt(i);
            IMediaRegistry.DigestState memory state = _actors.registry().stateOf(_actors.id(), digest);
            (
                MediaRegistryExpected.Written memory revocation,
                MediaRegistryExpected.Written memory supersession
            ) = _actors.saidOf(digest);
            require(state.revoked == (revocation.signer != address(0)), "revoked");
            require(state.revokedBy == revocation.signer && state.revokedAt == revocation.time, "revoked by whom");
            require(state.supersededBy == supersession.commitment, "superseded by what");
            require(state.supersededSigner == supersession.signer, "superseded by whom");
            require(state.supersededAt == supersession.time, "superseded when");
        }
    }

    /// @dev A batch that is not void never changes signer or time, logged or rooted, and is void by the same rule.
    function invariant_batchesAreAsTheyWereWritten() public view {
        bytes32[] memory none = new bytes32[](0);
        for (uint8 i = 0; i < 2 * _actors.sharedCount(); ++i) {
            bool rooted = i % 2 == 1;
            (IMediaRegistry.Registration memory item, MediaRegistryExpected.Written memory written) = _actors.batchAt(
                i / 2,
                rooted
            );
            IMediaRegistry.RootedBatch memory batch = _actors.batchOf(item);
            IMediaRegistry.Inclusion memory found =
                rooted
                    ? _actors.registry().verifyRooted(_actors.id(), batch, item, none)
                    : _actors.registry().verifyLogged(_actors.id(), batch.root, item, none);
            require(found.included == (written.signer != address(0)), "included");
            require(found.signer == written.signer && found.registeredAt == written.time, "by whom and when");
            require(found.disowned == _actors.expectVoid(written.signer, written.time), "void by the rule");
        }
    }

    /// @dev Nothing that one publisher does or declares touches another's records of the same digests, by the same key.
    function invariant_anotherPublishersRecordsStand() public view {
        for (uint256 i = 0; i < _actors.sharedCount(); ++i) {
            bytes32 digest = _actors.digestAt(i);
            MediaRegistryExpected.Written memory written = _actors.othersRecordOf(digest);
            bytes32 recordId = _actors.registry().recordIdOf(_actors.otherId(), digest);
            (IMediaRegistry.Record memory record, bool disowned) = _actors.registry().recordOf(recordId);
            require(record.publisherId == (written.signer == address(0) ? 0 : _actors.otherId()), "whose");
            require(record.signer == written.signer && record.registeredAt == written.time, "by whom and when");
            require(record.commitment == written.commitment && !disowned, "what, and not void");
        }
    }

    /// @dev No nonce was taken twice, and none is free that was used or cancelled.
    function invariant_noncesServeOnce() public view {
        require(_actors.replaysTaken() == 0, "a request was carried out twice");
        for (uint256 i = 0; i < _actors.keyCount(); ++i) {
            address key = _actors.keyAt(i);
            require(_actors.registry().noncesOf(_actors.id(), key, 0) == _actors.usedNonces(key), "spent nonces");
        }
    }

    /// @dev Strangers and ended keys changed nothing, and everybody who may could go on.
    function invariant_strangersDoNothingAndDelayNobody() public view {
        require(_actors.intrusions() == 0, "a stranger got through");
        require(_actors.refusals() == 0, "somebody was refused who may");
    }
}

/// @dev That the actors reach all that the invariants are about: an invariant over nothing would prove nothing.
contract MediaRegistryActorsTest {
    function test_theActorsReachEverything(uint256 seed) public {
        PublisherRegistry publishers = new PublisherRegistry();
        MediaRegistryActors actors = new MediaRegistryActors(publishers, new MediaRegistry(publishers));
        for (uint256 i = 0; i < 12; ++i) {
            uint256 next = uint256(keccak256(abi.encode(seed, i)));
            actors.register(next, uint8(i), uint8(i));
            if (i < 3) actors.relay(next, uint8(i), uint8(i + 2));
            actors.replay(uint8(next));
            actors.revoke(uint8(next), uint8(i), uint8(i));
            actors.supersede(uint8(i + 1), uint8(i), uint8(i));
            actors.registerBatch(uint8(i), uint8(i), i % 2 == 0);
            actors.registerElsewhere(next, uint8(i));
            actors.cancel(uint8(next), uint8(i), i % 2 == 0);
            actors.intrude(address(uint160(next)), uint8(i), uint8(next));
            actors.pass(uint32(next));
            if (i != 5) continue;
            // The thief's record of this very second, and the publisher's own in its place.
            actors.register(next, 0, 6);
            actors.declare(0, 0);
            actors.register(next, 2, 6);
            actors.end(1);
        }
        require(actors.recordCount() > 5, "records");
        require(actors.relayed() == 3, "relayed");
        require(actors.revoked() > 0 && actors.superseded() > 0, "states");
        require(actors.batched() > 5 && actors.elsewhere() == 2 && actors.cancelled() > 5, "batches, others, nonces");
        require(actors.declared() == 1 && actors.ended() == 1, "keys");
        require(actors.attempts() > 10 && actors.rewritten() > 0, "intrusions, and void ones written again");
    }
}
