// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IMediaRegistry } from "../../contracts/interfaces/IMediaRegistry.sol";
import { MediaRegistry } from "../../contracts/MediaRegistry.sol";
import { PublisherRegistry } from "../../contracts/PublisherRegistry.sol";
import { MediaRegistryExpected } from "./MediaRegistryExpected.sol";
import { vm, within } from "./Vm.sol";

/// @dev Publishers, thieves, relayers and strangers. Choices are drawn from few keys and digests, so that they meet. The first
/// key signs for another publisher too, which never declares it.
contract MediaRegistryActors is MediaRegistryExpected {
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
        _otherId = _create(_OTHER_CUSTODY);
        _addKey(_OTHER_CUSTODY, _otherId, 20);
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
        address signer = _signerOf(who);
        bytes32 content = _item(0, digest).contentDigest;
        bool allowed = _maySay(signer, _revocations[content]);
        vm.prank(signer);
        try _registry.revoke(_id, content, uint8(1 + (reason % 255))) {
            if (!allowed) ++intrusions;
            _revocations[content] = Written(signer, uint40(_time), 0);
            ++revoked;
        } catch {
            if (allowed) ++refusals;
        }
    }

    /// @dev A key or custody says that another digest takes the place of one.
    function supersede(uint8 by, uint8 who, uint8 digest) external {
        vm.warp(_time);
        address signer = _signerOf(who);
        bytes32 content = _item(0, digest).contentDigest;
        bytes32 successor = _item(0, by).contentDigest;
        bool allowed = _maySay(signer, _supersessions[content]) && successor != content;
        vm.prank(signer);
        try _registry.supersede(_id, content, successor) {
            if (!allowed) ++intrusions;
            _supersessions[content] = Written(signer, uint40(_time), successor);
            ++superseded;
        } catch {
            if (allowed) ++refusals;
        }
    }

    /// @dev A key registers a batch of one claim, logged or rooted.
    function registerBatch(uint8 key, uint8 digest, bool rooted) external {
        vm.warp(_time);
        address signer = _keys[key % _KEYS];
        IMediaRegistry.Registration memory item = _item(0, digest % _SHARED);
        bytes memory call =
            rooted
                ? abi.encodeCall(_registry.registerRoots, (_id, _oneBatch(batchOf(item))))
                : abi.encodeCall(_registry.registerLogged, (_id, _claims(_one(item))));
        vm.prank(signer);
        (bool done, ) = address(_registry).call(call);
        if (done && !_live[signer]) ++intrusions;
        if (!done && _live[signer]) ++refusals;
        if (!done) return;
        Written storage written = _batches[item.contentDigest][rooted];
        bool free = written.signer == address(0) || expectVoid(written.signer, written.time);
        if (free) _batches[item.contentDigest][rooted] = Written(signer, uint40(_time), 0);
        ++batched;
    }

    /// @dev The first key registers for the other publisher, whatever became of it here.
    function registerElsewhere(uint256 content, uint8 digest) external {
        vm.warp(_time);
        IMediaRegistry.Registration memory item = _item(content, digest % _SHARED);
        Written storage written = _othersRecords[item.contentDigest];
        bytes32 commitment = _commitmentFor(_otherId, item);
        bool allowed = written.signer == address(0) || written.commitment == commitment;
        vm.prank(_keys[0]);
        try _registry.register(_otherId, item) {
            if (!allowed) ++intrusions;
            if (written.signer != address(0)) return;
            _othersRecords[item.contentDigest] = Written(_keys[0], uint40(_time), commitment);
            ++elsewhere;
        } catch {
            if (allowed) ++refusals;
        }
    }

    /// @dev A key or custody makes a nonce of the key useless.
    function cancel(uint8 nonce, uint8 key, bool byCustody) external {
        vm.warp(_time);
        address account = _keys[key % _KEYS];
        vm.prank(byCustody ? _CUSTODY : account);
        try _registry.cancelNonces(_id, account, 0, 1 << nonce) {
            if (!byCustody && !_live[account]) ++intrusions;
            usedNonces[account] |= 1 << nonce;
            ++cancelled;
        } catch {
            if (byCustody || _live[account]) ++refusals;
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

    function _intrusion(IMediaRegistry.Registration memory item, uint8 what) private view returns (bytes memory) {
        if (what == 0) return abi.encodeCall(_registry.register, (_id, item));
        if (what == 1) return abi.encodeCall(_registry.registerLogged, (_id, _claims(_one(item))));
        if (what == 2) return abi.encodeCall(_registry.revoke, (_id, item.contentDigest, 1));
        if (what == 3) return abi.encodeCall(_registry.supersede, (_id, item.contentDigest, bytes32("x")));
        return abi.encodeCall(_registry.cancelNonces, (_id, _keys[0], 0, type(uint256).max));
    }
}
