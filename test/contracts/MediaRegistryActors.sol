// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IMediaRegistry } from "../../contracts/interfaces/IMediaRegistry.sol";
import { MediaRegistry } from "../../contracts/MediaRegistry.sol";
import { PublisherRegistry } from "../../contracts/PublisherRegistry.sol";
import { MediaRegistryRequests } from "./MediaRegistryRequests.sol";
import { vm, within } from "./Vm.sol";

/// @dev Publishers, thieves, relayers and strangers, and what they should have brought about. Choices are drawn from few keys
/// and digests, so that they meet.
contract MediaRegistryActors is MediaRegistryRequests {
    struct Written {
        address signer;
        uint40 time;
        bytes32 commitment;
    }

    uint256 private constant _KEYS = 5;
    uint256 private constant _DIGESTS = 8;

    uint256 public intrusions;
    uint256 public attempts;
    uint256 public refusals;
    uint256 public replaysTaken;
    uint256 public relayed;
    uint256 public revoked;
    uint256 public declared;
    uint256 public ended;
    uint256 public rewritten;
    mapping(address key => uint256 bitmap) public usedNonces;

    bytes32[] private _digests;
    mapping(bytes32 digest => Written written) private _records;
    mapping(bytes32 digest => Written written) private _revocations;
    mapping(address account => uint40 time) private _since;
    mapping(address key => bool live) private _live;
    address[] private _keys;
    Request private _lastRequest;
    uint256 private _time;

    /// @dev The registries come from outside: with their code in it, this would be larger than a contract may be.
    constructor(PublisherRegistry publishers, MediaRegistry registry_) {
        _publishers = publishers;
        _registry = registry_;
        _time = _NOW;
        vm.warp(_NOW);
        _id = _create(_CUSTODY);
        for (uint256 i = 0; i < _KEYS; ++i) {
            address key = _addKey(_CUSTODY, _id, 20 + i);
            _keys.push(key);
            _live[key] = true;
        }
    }

    /// @dev A key, honest or stolen, registers one of a few digests with one of two contents.
    function register(uint256 content, uint8 key, uint8 digest) external {
        vm.warp(_time);
        address signer = _keys[key % _KEYS];
        IMediaRegistry.Registration memory item = _item(content % 2, digest);
        bool allowed = _live[signer] && _mayWrite(item);
        vm.prank(signer);
        try _registry.register(_id, item) {
            if (allowed) _wrote(signer, item);
            else ++intrusions;
        } catch {
            if (allowed) ++refusals;
        }
    }

    /// @dev A relayer sends what a key signed.
    function relay(uint256 nonce, uint8 key, uint8 digest) external {
        vm.warp(_time);
        address signer = _keys[key % _KEYS];
        nonce = nonce % 256;
        Request memory request = _requestOf(20 + (key % _KEYS), _item(0, digest), nonce, _time + 1);
        bool fresh = usedNonces[signer] & (1 << nonce) == 0;
        bool allowed = _live[signer] && fresh && _mayWrite(request.registration);
        try this.send(request) {
            if (!allowed) ++intrusions;
            usedNonces[signer] |= 1 << nonce;
            if (allowed) _wrote(signer, request.registration);
            _lastRequest = request;
            ++relayed;
        } catch {
            if (allowed) ++refusals;
        }
    }

    /// @dev The same request once more.
    function replay(uint8 times) external {
        if (_lastRequest.by.key == address(0)) return;
        vm.warp(_time);
        for (uint256 i = 0; i < 1 + (times % 2); ++i) {
            try this.send(_lastRequest) {
                ++replaysTaken;
            } catch {}
        }
    }

    /// @dev A key or custody revokes.
    function revoke(uint8 reason, uint8 who, uint8 digest) external {
        vm.warp(_time);
        address signer = who % 7 == 6 ? _CUSTODY : _keys[who % _KEYS];
        bytes32 content = _item(0, digest).contentDigest;
        Written memory before = _revocations[content];
        bool free = before.signer == address(0) || expectVoid(before.signer, before.time);
        bool allowed = (signer == _CUSTODY || _live[signer]) && free;
        vm.prank(signer);
        try _registry.revoke(_id, content, uint8(1 + (reason % 255))) {
            if (!allowed) ++intrusions;
            _revocations[content] = Written(signer, uint40(_time), 0);
            ++revoked;
        } catch {
            if (allowed) ++refusals;
        }
    }

    /// @dev A stranger tries everything.
    function intrude(address stranger, uint8 what, uint8 digest) external {
        if (stranger == address(0) || stranger == _CUSTODY || _live[stranger]) return;
        vm.warp(_time);
        IMediaRegistry.Registration memory item = _item(what, digest);
        ++attempts;
        vm.prank(stranger);
        (bool done, ) = address(_registry).call(_intrusion(item, what % 5));
        if (done) ++intrusions;
    }

    /// @dev Custody declares a key, since some time of its life.
    function declare(uint8 key, uint32 ago) external {
        address account = _keys[key % _KEYS];
        if (_since[account] != 0) return;
        vm.warp(_time);
        uint40 since = uint40(_time - within(ago, 0, _time - _NOW));
        vm.prank(_CUSTODY);
        _publishers.declareCompromised(_id, account, since);
        _since[account] = since;
        _live[account] = false;
        ++declared;
    }

    /// @dev Custody ends a key.
    function end(uint8 key) external {
        address account = _keys[key % _KEYS];
        // Some stay, so that there is somebody left to be delayed.
        if (!_live[account] || key % _KEYS > 1) return;
        vm.warp(_time);
        vm.prank(_CUSTODY);
        _publishers.endKey(_id, account);
        _live[account] = false;
        ++ended;
    }

    /// @dev Time passes, at most a day.
    function pass(uint32 time) external {
        _time += within(time, 1, 1 days);
    }

    /// @dev By itself, so that a refusal can be caught.
    function send(Request memory request) external {
        _send(request, address(0x4E1A));
    }

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

    function revocationOf(bytes32 digest) external view returns (Written memory) {
        return _revocations[digest];
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

    function _wrote(address signer, IMediaRegistry.Registration memory item) private {
        Written storage written = _records[item.contentDigest];
        bool first = written.signer == address(0);
        if (!first && !expectVoid(written.signer, written.time)) return;
        if (first) _digests.push(item.contentDigest);
        else ++rewritten;
        _records[item.contentDigest] = Written(signer, uint40(_time), _commitment(item));
    }

    function _mayWrite(IMediaRegistry.Registration memory item) private view returns (bool) {
        Written memory written = _records[item.contentDigest];
        if (written.signer == address(0) || expectVoid(written.signer, written.time)) return true;
        return written.commitment == _commitment(item);
    }

    function _item(uint256 content, uint8 digest) private pure returns (IMediaRegistry.Registration memory item) {
        item.contentDigest = keccak256(abi.encode("digest", digest % _DIGESTS));
        item.manifestDigest = keccak256(abi.encode("manifest", content % 2));
        item.kind = 1;
    }

    function _intrusion(IMediaRegistry.Registration memory item, uint8 what) private view returns (bytes memory) {
        if (what == 0) return abi.encodeCall(_registry.register, (_id, item));
        if (what == 1) return abi.encodeCall(_registry.registerLogged, (_id, _claims(_one(item))));
        if (what == 2) return abi.encodeCall(_registry.revoke, (_id, item.contentDigest, 1));
        if (what == 3) return abi.encodeCall(_registry.supersede, (_id, item.contentDigest, bytes32("x")));
        return abi.encodeCall(_registry.cancelNonces, (_id, _keys[0], 0, type(uint256).max));
    }
}
