// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IMediaRegistry } from "../../contracts/interfaces/IMediaRegistry.sol";
import { MediaRegistryFixture } from "./MediaRegistryFixture.sol";
import { MediaRegistryRequests } from "./MediaRegistryRequests.sol";
import { vm, within } from "./Vm.sol";

/// @dev Fuzz tests of logged and rooted batches and of their proofs, computed here by themselves.
contract MediaRegistryBatchesTest is MediaRegistryFixture, MediaRegistryRequests {
    function test_aLoggedBatchIsSaidInFullUnderItsRoot(uint256 seed, uint8 count) public {
        IMediaRegistry.Registration[] memory items = _batch(seed, within(count, 1, 12));
        IMediaRegistry.Claims memory claims = _claims(items);
        bytes32 root = _rootOf(items);
        vm.expectEmit(address(_registry));
        emit IMediaRegistry.BatchLogged({
            publisherId: _id,
            root: root,
            signer: _key,
            contentDigests: claims.contentDigests,
            manifestDigests: claims.manifestDigests,
            heads: claims.heads,
            perceptualHashes: claims.perceptualHashes
        });
        require(_log(_key, items) == root, "returned root");
    }

    function test_eachClaimOfABatchIsProved(uint256 seed, uint8 count, uint8 which, bool rooted) public {
        IMediaRegistry.Registration[] memory items = _batch(seed, within(count, 1, 12));
        uint256 index = which % items.length;
        bytes32[] memory proof = _proofOf(items, index);
        IMediaRegistry.Inclusion memory before = _verify(rooted, items, items[index], proof);
        require(!before.included && before.signer == address(0), "not before it is registered");
        vm.warp(_NOW + 5);
        _registerBatch(_key, rooted, items);
        IMediaRegistry.Inclusion memory inclusion = _verify(rooted, items, items[index], proof);
        require(inclusion.included && !inclusion.disowned, "included");
        require(inclusion.signer == _key && inclusion.registeredAt == _NOW + 5, "by whom and when");
        require(!_verify(rooted, items, _any(uint256(keccak256(abi.encode(seed, count)))), proof).included, "another");
        require(!_verify(!rooted, items, items[index], proof).included, "not the other way");
    }

    function test_aWrongProofShowsNothing(uint256 seed, uint8 count, uint8 which, bool rooted) public {
        IMediaRegistry.Registration[] memory items = _batch(seed, within(count, 2, 12));
        _registerBatch(_key, rooted, items);
        uint256 index = which % items.length;
        bytes32[] memory proof = _proofOf(items, index);
        proof[seed % proof.length] ^= bytes32(uint256(1));
        require(!_verify(rooted, items, items[index], proof).included, "a changed sibling");
        require(!_verify(rooted, items, items[index], new bytes32[](0)).included, "no siblings");
    }

    function test_anotherPublishersRootIsARootOfNothing(uint256 seed, uint8 count) public {
        IMediaRegistry.Registration[] memory items = _batch(seed, within(count, 1, 8));
        _registerBatch(_key, true, items);
        uint32 second = _create(address(0xBEEF));
        _addKey(address(0xBEEF), second, 1);
        vm.prank(_key);
        _registry.registerRoots(second, _oneBatch(_batchFor(items)));
        bytes32[] memory proof = _proofOf(items, 0);
        require(!_registry.verifyRooted(second, _batchFor(items), items[0], proof).included, "a copied root");
    }

    function test_aProofIsNoLongerThanATreeOfSoManyLeavesIsDeep(uint256 seed, uint32 count) public {
        IMediaRegistry.Registration memory item = _any(seed);
        count = uint32(within(count, 1, 8_192));
        uint256 deepest = 0;
        while (1 << deepest < count) ++deepest;
        for (uint256 depth = deepest; depth < deepest + 2; ++depth) {
            bytes32[] memory proof = new bytes32[](depth);
            bytes32 root = keccak256(abi.encode(_commitment(item)));
            for (uint256 i = 0; i < depth; ++i) {
                proof[i] = keccak256(abi.encode(seed, depth, i));
                root = _pair(root, proof[i]);
            }
            IMediaRegistry.RootedBatch memory batch = IMediaRegistry.RootedBatch(root, bytes32(seed | 1), count);
            vm.prank(_key);
            _registry.registerRoots(_id, _oneBatch(batch));
            require(_registry.verifyRooted(_id, batch, item, proof).included == (depth == deepest), "depth");
        }
    }

    function test_aRootedClaimThatRegisterRefusesIsNotVerified(uint256 seed, uint8 field) public {
        IMediaRegistry.Registration memory item = _any(seed);
        if (field % 3 == 0) item.contentDigest = 0;
        else if (field % 3 == 1) item.kind = 0;
        else item.perceptualHashes = new bytes32[](65);
        if (field % 3 == 2) item.algorithm = 1;
        IMediaRegistry.RootedBatch memory batch = _batchFor(_one(item));
        vm.prank(_key);
        _registry.registerRoots(_id, _oneBatch(batch));
        bytes32[] memory none = new bytes32[](0);
        vm.expectRevert(_refusalOf(item, field));
        _registry.verifyRooted(_id, batch, item, none);
    }

    function _refusalOf(IMediaRegistry.Registration memory item, uint8 field) private view returns (bytes memory) {
        if (field % 3 == 0) {
            return abi.encodeWithSelector(IMediaRegistry.MediaRegistryContentDigestZero.selector, _id);
        }
        if (field % 3 == 1) {
            return abi.encodeWithSelector(IMediaRegistry.MediaRegistryKindZero.selector, item.contentDigest);
        }
        return abi.encodeWithSelector(IMediaRegistry.MediaRegistryTooManyWords.selector, item.contentDigest, 65);
    }

    function test_theOrderOfSignedClaimsIsSigned(uint256 seed) public {
        IMediaRegistry.Registration[] memory items = new IMediaRegistry.Registration[](2);
        items[0] = _any(seed);
        items[1] = _any(uint256(keccak256(abi.encode(seed))));
        // The same digest twice: which comes first decides which leads.
        items[1].contentDigest = items[0].contentDigest;
        IMediaRegistry.Authorization memory by = IMediaRegistry.Authorization(_key, seed, _NOW, "");
        bytes32 leaves = keccak256(
            abi.encode(keccak256(abi.encode(_commitment(items[0]))), keccak256(abi.encode(_commitment(items[1]))))
        );
        bytes32 requestType = keccak256(
            "RegisterLogged(uint32 publisherId,address key,bytes32[] leaves,uint256 nonce,uint256 deadline)"
        );
        bytes32 request = keccak256(abi.encode(requestType, _id, _key, leaves, seed, _NOW));
        by.signature = _sign(1, _domainOf("Firsthand MediaRegistry", address(_registry)), request);
        IMediaRegistry.Registration[] memory swapped = new IMediaRegistry.Registration[](2);
        (swapped[0], swapped[1]) = (items[1], items[0]);
        IMediaRegistry.Claims memory claims = _claims(swapped);
        vm.expectRevert(abi.encodeWithSelector(IMediaRegistry.MediaRegistrySignatureInvalid.selector, _id, _key));
        _registry.registerLoggedFor(_id, claims, by);
        require(_registry.registerLoggedFor(_id, _claims(items), by) == _rootOf(items), "as it was signed");
    }

    function test_aRootedBatchIsNamedByAllItsParts(uint256 seed, uint8 field) public {
        IMediaRegistry.Registration[] memory items = _one(_any(seed));
        IMediaRegistry.RootedBatch memory batch = _batchFor(items);
        vm.expectEmit(address(_registry));
        emit IMediaRegistry.BatchRooted(_id, batch.root, _key, batch.listDigest, batch.count);
        vm.prank(_key);
        _registry.registerRoots(_id, _oneBatch(batch));
        bytes32[] memory none = new bytes32[](0);
        require(_registry.verifyRooted(_id, batch, items[0], none).included, "included");
        if (field % 2 == 0) batch.listDigest ^= bytes32(uint256(1));
        else batch.count += 1;
        require(!_registry.verifyRooted(_id, batch, items[0], none).included, "another batch");
    }

    function test_aRootedBatchIsWhole(uint256 seed, uint8 field, uint32 count) public {
        IMediaRegistry.RootedBatch memory batch = _batchFor(_one(_any(seed)));
        if (field % 4 == 0) batch.root = 0;
        else if (field % 4 == 1) batch.listDigest = 0;
        else if (field % 4 == 2) batch.count = 0;
        else batch.count = uint32(within(count, 8_193, type(uint32).max));
        bytes4 refusal = IMediaRegistry.MediaRegistryBatchIncomplete.selector;
        vm.expectRevert(abi.encodeWithSelector(refusal, batch.root, batch.listDigest, batch.count));
        vm.prank(_key);
        _registry.registerRoots(_id, _oneBatch(batch));
        batch = _batchFor(_one(_any(seed)));
        batch.count = 8_192;
        vm.prank(_key);
        _registry.registerRoots(_id, _oneBatch(batch));
    }

    function test_theSameBatchAgainChangesNothing(uint256 seed, uint8 count, bool byOther, bool rooted) public {
        IMediaRegistry.Registration[] memory items = _batch(seed, within(count, 1, 6));
        _registerBatch(_key, rooted, items);
        vm.warp(_NOW + 9);
        vm.recordLogs();
        _registerBatch(byOther ? _otherKey : _key, rooted, items);
        require(vm.getRecordedLogs().length == 0, "nothing is said");
        IMediaRegistry.Inclusion memory inclusion = _verify(rooted, items, items[0], _proofOf(items, 0));
        require(inclusion.signer == _key && inclusion.registeredAt == _NOW, "as first registered");
    }

    function test_onlyALiveKeyRegistersBatches(address stranger, uint256 seed, bool rooted) public {
        vm.assume(stranger != _key && stranger != _otherKey && stranger != address(0));
        bytes4 refusal = IMediaRegistry.MediaRegistrySignerNotLiveKey.selector;
        vm.expectRevert(abi.encodeWithSelector(refusal, _id, stranger));
        _registerBatch(stranger, rooted, _one(_any(seed)));
    }

    function test_aBatchHasOneToAThousandAndTwentyFourItems() public {
        bytes4 refusal = IMediaRegistry.MediaRegistryCountOutOfRange.selector;
        IMediaRegistry.Claims memory claims;
        for (uint256 i = 0; i < 2; ++i) {
            uint256 count = i == 0 ? 0 : 1_025;
            claims.contentDigests = new bytes32[](count);
            vm.expectRevert(abi.encodeWithSelector(refusal, _id, count));
            vm.prank(_key);
            _registry.registerLogged(_id, claims);
            IMediaRegistry.RootedBatch[] memory batches = new IMediaRegistry.RootedBatch[](count);
            vm.expectRevert(abi.encodeWithSelector(refusal, _id, count));
            vm.prank(_key);
            _registry.registerRoots(_id, batches);
        }
        // The largest that is taken.
        claims.contentDigests = new bytes32[](1_024);
        claims.manifestDigests = new bytes32[](1_024);
        claims.heads = new bytes(3 * 1_024);
        for (uint256 i = 0; i < 1_024; ++i) {
            claims.contentDigests[i] = keccak256(abi.encode(i));
            claims.heads[3 * i] = 0x01;
        }
        vm.prank(_key);
        _registry.registerLogged(_id, claims);
    }

    function test_unevenClaimsAreRefused(uint256 seed, uint8 count, uint8 field) public {
        IMediaRegistry.Claims memory claims = _claims(_batch(seed, within(count, 2, 6)));
        uint256 items = claims.contentDigests.length;
        if (field % 3 == 0) claims.manifestDigests = new bytes32[](items - 1);
        else if (field % 3 == 1) claims.manifestDigests = new bytes32[](items + 1);
        else claims.heads = bytes.concat(claims.heads, hex"00");
        bytes4 refusal = IMediaRegistry.MediaRegistryClaimsUneven.selector;
        vm.expectRevert(abi.encodeWithSelector(refusal, items, claims.manifestDigests.length, claims.heads.length));
        vm.prank(_key);
        _registry.registerLogged(_id, claims);
    }

    function test_headsThatSpeakOfOtherWordsAreRefused(uint256 seed, bool more) public {
        IMediaRegistry.Registration memory item = _any(seed);
        vm.assume(item.perceptualHashes.length > 1 && item.perceptualHashes.length < 64);
        uint256 words = item.perceptualHashes.length;
        IMediaRegistry.Claims memory claims = _claims(_one(item));
        claims.heads[2] = bytes1(uint8(more ? words + 1 : words - 1));
        bytes4 refusal = IMediaRegistry.MediaRegistryClaimsWordsUneven.selector;
        vm.expectRevert(abi.encodeWithSelector(refusal, more ? words + 1 : words - 1, words));
        vm.prank(_key);
        _registry.registerLogged(_id, claims);
    }

    function test_eachClaimIsCheckedAsARegistration(uint256 seed, uint8 field, bool second) public {
        IMediaRegistry.Registration[] memory items = _batch(seed, 2);
        IMediaRegistry.Registration memory item = items[second ? 1 : 0];
        bytes memory reason = _spoil(item, field);
        vm.expectRevert(reason);
        _log(_key, items);
    }

    /// @dev Makes a registration one that is refused, and says how.
    function _spoil(IMediaRegistry.Registration memory item, uint8 field) private view returns (bytes memory) {
        bytes32 digest = item.contentDigest;
        if (field % 4 == 0) {
            item.contentDigest = 0;
            return abi.encodeWithSelector(IMediaRegistry.MediaRegistryContentDigestZero.selector, _id);
        }
        if (field % 4 == 1) {
            item.kind = 0;
            return abi.encodeWithSelector(IMediaRegistry.MediaRegistryKindZero.selector, digest);
        }
        if (field % 4 == 2) {
            item.algorithm = 1;
            item.perceptualHashes = new bytes32[](65);
            return abi.encodeWithSelector(IMediaRegistry.MediaRegistryTooManyWords.selector, digest, 65);
        }
        item.algorithm = item.perceptualHashes.length == 0 ? 1 : 0;
        bytes4 refusal = IMediaRegistry.MediaRegistryWordsUnlikeAlgorithm.selector;
        return abi.encodeWithSelector(refusal, digest, item.algorithm, item.perceptualHashes.length);
    }

    function test_leavesAndCommitmentsAreAsThePageSays(uint256 seed, uint32 id) public view {
        IMediaRegistry.Registration memory item = _any(seed);
        bytes32 commitment = _commitmentFor(id, item);
        require(_registry.commitmentOf(id, item) == commitment, "commitment");
        require(_registry.leafOf(id, item) == keccak256(abi.encode(commitment)), "leaf");
    }

    function _log(address caller, IMediaRegistry.Registration[] memory items) private returns (bytes32) {
        IMediaRegistry.Claims memory claims = _claims(items);
        vm.prank(caller);
        return _registry.registerLogged(_id, claims);
    }

    function _registerBatch(address caller, bool rooted, IMediaRegistry.Registration[] memory items) private {
        if (!rooted) {
            _log(caller, items);
            return;
        }
        IMediaRegistry.RootedBatch[] memory batches = _oneBatch(_batchFor(items));
        vm.prank(caller);
        _registry.registerRoots(_id, batches);
    }

    function _verify(
        bool rooted,
        IMediaRegistry.Registration[] memory items,
        IMediaRegistry.Registration memory item,
        bytes32[] memory proof
    ) private view returns (IMediaRegistry.Inclusion memory) {
        if (rooted) return _registry.verifyRooted(_id, _batchFor(items), item, proof);
        return _registry.verifyLogged(_id, _rootOf(items), item, proof);
    }

    function _batchFor(
        IMediaRegistry.Registration[] memory items
    ) private view returns (IMediaRegistry.RootedBatch memory) {
        return IMediaRegistry.RootedBatch(_rootOf(items), keccak256(abi.encode(items)), uint32(items.length));
    }

    function _rootOf(IMediaRegistry.Registration[] memory items) private view returns (bytes32) {
        return _node(_leaves(items), 0);
    }

    function _leaves(IMediaRegistry.Registration[] memory items) private view returns (bytes32[] memory leaves) {
        leaves = new bytes32[](items.length);
        for (uint256 i = 0; i < items.length; ++i) leaves[i] = keccak256(abi.encode(_commitment(items[i])));
    }

    /// @dev The node at a place of the complete tree, by recursion: leaves are its last places, in reverse.
    function _node(bytes32[] memory leaves, uint256 place) private pure returns (bytes32) {
        uint256 count = leaves.length;
        if (place >= count - 1) return leaves[2 * count - 2 - place];
        return _pair(_node(leaves, 2 * place + 1), _node(leaves, 2 * place + 2));
    }

    function _proofOf(
        IMediaRegistry.Registration[] memory items,
        uint256 index
    ) private view returns (bytes32[] memory proof) {
        bytes32[] memory leaves = _leaves(items);
        uint256 depth = 0;
        for (uint256 i = 2 * items.length - 2 - index; i > 0; i = (i - 1) / 2) ++depth;
        proof = new bytes32[](depth);
        uint256 place = 2 * items.length - 2 - index;
        for (uint256 i = 0; i < depth; ++i) {
            proof[i] = _node(leaves, place % 2 == 1 ? place + 1 : place - 1);
            place = (place - 1) / 2;
        }
    }

    function _pair(bytes32 a, bytes32 b) private pure returns (bytes32) {
        return a < b ? keccak256(abi.encode(a, b)) : keccak256(abi.encode(b, a));
    }
}
