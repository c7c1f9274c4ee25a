// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IMediaRegistry } from "../../contracts/interfaces/IMediaRegistry.sol";
import { MediaRegistry } from "../../contracts/MediaRegistry.sol";
import { MediaRegistryRequests } from "./MediaRegistryRequests.sol";

/// @dev What the actors should have brought about, which the invariants compare with what is there.
abstract contract MediaRegistryExpected is MediaRegistryRequests {
    /// @dev `commitment` is that of a record, the successor of a supersession, and zero of anything else.
    struct Written {
        address signer;
        uint40 time;
        bytes32 commitment;
    }

    uint256 internal constant _KEYS = 5;
    uint256 internal constant _DIGESTS = 8;
    /// @dev Of these, so many are in batches, and at the other publisher: the invariants look at each after each step.
    uint8 internal constant _SHARED = 2;
    address internal constant _OTHER_CUSTODY = address(0x0DD);

    uint256 public intrusions;
    uint256 public attempts;
    uint256 public refusals;
    uint256 public replaysTaken;
    uint256 public relayed;
    uint256 public revoked;
    uint256 public superseded;
    uint256 public batched;
    uint256 public elsewhere;
    uint256 public cancelled;
    uint256 public declared;
    uint256 public ended;
    uint256 public rewritten;
    mapping(address key => uint256 bitmap) public usedNonces;

    bytes32[] internal _digests;
    mapping(bytes32 digest => Written written) internal _records;
    mapping(bytes32 digest => Written written) internal _revocations;
    mapping(bytes32 digest => Written written) internal _supersessions;
    mapping(bytes32 digest => mapping(bool rooted => Written written)) internal _batches;
    mapping(bytes32 digest => Written written) internal _othersRecords;
    mapping(address account => uint40 time) internal _since;
    mapping(address key => bool live) internal _live;
    address[] internal _keys;
    Request internal _lastRequest;
    uint256 internal _time;
    uint32 internal _otherId;

    function registry() external view returns (MediaRegistry) {
        return _registry;
    }

    function id() external view returns (uint32) {
        return _id;
    }

    function recordCount() external view returns (uint256) {
        return _digests.length;
    }

    function recordAt(uint256 i) external view returns (bytes32, Written memory) {
        return (_digests[i], _records[_digests[i]]);
    }

    /// @dev What should be told of a digest's state: nothing where it is void.
    function saidOf(bytes32 digest) external view returns (Written memory revocation, Written memory supersession) {
        revocation = _standing(_revocations[digest]);
        supersession = _standing(_supersessions[digest]);
    }

    function digestAt(uint256 i) external pure returns (bytes32) {
        return _item(0, uint8(i)).contentDigest;
    }

    function otherId() external view returns (uint32) {
        return _otherId;
    }

    function othersRecordOf(bytes32 digest) external view returns (Written memory) {
        return _othersRecords[digest];
    }

    /// @dev What a batch should be of which the only claim is the i-th item.
    function batchAt(
        uint8 i,
        bool rooted
    ) external view returns (IMediaRegistry.Registration memory item, Written memory written) {
        item = _item(0, i);
        written = _batches[item.contentDigest][rooted];
    }

    function digestCount() external pure returns (uint256) {
        return _DIGESTS;
    }

    function sharedCount() external pure returns (uint8) {
        return _SHARED;
    }

    function keyCount() external pure returns (uint256) {
        return _KEYS;
    }

    function keyAt(uint256 i) external view returns (address) {
        return _keys[i];
    }

    function expectVoid(address account, uint40 time) public view returns (bool) {
        return _since[account] != 0 && time >= _since[account];
    }

    /// @dev The root of one claim is its leaf.
    function batchOf(
        IMediaRegistry.Registration memory item
    ) public view returns (IMediaRegistry.RootedBatch memory batch) {
        return IMediaRegistry.RootedBatch(keccak256(abi.encode(_commitment(item))), item.contentDigest, 1);
    }

    function _wrote(address signer, IMediaRegistry.Registration memory item) internal {
        Written storage written = _records[item.contentDigest];
        bool first = written.signer == address(0);
        if (!first && !expectVoid(written.signer, written.time)) return;
        if (first) _digests.push(item.contentDigest);
        else ++rewritten;
        _records[item.contentDigest] = Written(signer, uint40(_time), _commitment(item));
    }

    function _mayWrite(IMediaRegistry.Registration memory item) internal view returns (bool) {
        Written memory written = _records[item.contentDigest];
        if (written.signer == address(0) || expectVoid(written.signer, written.time)) return true;
        return written.commitment == _commitment(item);
    }

    /// @dev A key, or custody in one of seven.
    function _signerOf(uint8 who) internal view returns (address) {
        return who % 7 == 6 ? _CUSTODY : _keys[who % _KEYS];
    }

    /// @dev Whether an account may revoke or supersede what was said before.
    function _maySay(address signer, Written memory before) internal view returns (bool) {
        bool free = before.signer == address(0) || expectVoid(before.signer, before.time);
        return (signer == _CUSTODY || _live[signer]) && free;
    }

    function _standing(Written memory said) internal view returns (Written memory standing) {
        if (!expectVoid(said.signer, said.time)) return said;
    }

    function _item(uint256 content, uint8 digest) internal pure returns (IMediaRegistry.Registration memory item) {
        item.contentDigest = keccak256(abi.encode("digest", digest % _DIGESTS));
        item.manifestDigest = keccak256(abi.encode("manifest", content % 2));
        item.kind = 1;
    }
}
