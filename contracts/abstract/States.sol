// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { IMediaRegistry } from "../interfaces/IMediaRegistry.sol";
import { Requests } from "../libraries/Requests.sol";
import { Signers } from "./Signers.sol";

/// @title What becomes of a digest
/// @notice Revocations and supersessions, of digests that are stored and of those that are not.
/// @dev Invariant: each is written once and never changes, unless it is void when it is written again.
abstract contract States is Signers {
    mapping(bytes32 recordId => Revocation revocation) private _revocations;
    mapping(bytes32 recordId => Supersession supersession) private _supersessions;

    /// @inheritdoc IMediaRegistry
    function revoke(uint32 publisherId, bytes32 contentDigest, uint8 reason) external {
        _requireLiveKeyOrCustody(publisherId);
        _revoke(publisherId, msg.sender, contentDigest, reason);
    }

    /// @inheritdoc IMediaRegistry
    function revokeFor(
        uint32 publisherId,
        bytes32 contentDigest,
        uint8 reason,
        Authorization calldata authorization
    ) external {
        _authorize(publisherId, Requests.revoke(publisherId, contentDigest, reason, authorization), authorization);
        _revoke(publisherId, authorization.key, contentDigest, reason);
    }

    /// @inheritdoc IMediaRegistry
    function supersede(uint32 publisherId, bytes32 contentDigest, bytes32 by) external {
        _requireLiveKeyOrCustody(publisherId);
        _supersede(publisherId, msg.sender, contentDigest, by);
    }

    /// @inheritdoc IMediaRegistry
    function supersedeFor(
        uint32 publisherId,
        bytes32 contentDigest,
        bytes32 by,
        Authorization calldata authorization
    ) external {
        _authorize(publisherId, Requests.supersede(publisherId, contentDigest, by, authorization), authorization);
        _supersede(publisherId, authorization.key, contentDigest, by);
    }

    /// @inheritdoc IMediaRegistry
    function revocationOf(bytes32 recordId) external view returns (Revocation memory revocation) {
        return _revocations[recordId];
    }

    /// @inheritdoc IMediaRegistry
    function supersessionOf(bytes32 recordId) external view returns (Supersession memory supersession) {
        return _supersessions[recordId];
    }

    /// @dev Fills in what is known here of a digest's state.
    function _addState(DigestState memory state, uint32 publisherId, bytes32 recordId) internal view {
        if (_isRevoked(publisherId, recordId)) {
            Revocation storage revocation = _revocations[recordId];
            state.revoked = true;
            state.reason = revocation.reason;
            state.revokedAt = revocation.revokedAt;
            state.revokedBy = revocation.signer;
        }
        if (_isSuperseded(publisherId, recordId)) {
            Supersession storage supersession = _supersessions[recordId];
            state.supersededBy = supersession.by;
            state.supersededAt = supersession.supersededAt;
            state.supersededSigner = supersession.signer;
        }
    }

    /// @dev The caller has checked who signed.
    function _revoke(uint32 publisherId, address signer, bytes32 contentDigest, uint8 reason) private {
        if (contentDigest == 0) revert MediaRegistryContentDigestZero(publisherId);
        if (reason == 0) revert MediaRegistryReasonZero(contentDigest);
        bytes32 recordId = recordIdOf(publisherId, contentDigest);
        if (_isRevoked(publisherId, recordId)) revert MediaRegistryRevokedBefore(recordId);
        _revocations[recordId] = Revocation({ signer: signer, revokedAt: _now(), reason: reason });
        emit MediaRevoked(recordId, publisherId, contentDigest, signer, reason);
    }

    /// @dev The caller has checked who signed.
    function _supersede(uint32 publisherId, address signer, bytes32 contentDigest, bytes32 by) private {
        if (contentDigest == 0) revert MediaRegistryContentDigestZero(publisherId);
        if (by == 0 || by == contentDigest) revert MediaRegistryNoSuccessor(contentDigest, by);
        bytes32 recordId = recordIdOf(publisherId, contentDigest);
        if (_isSuperseded(publisherId, recordId)) revert MediaRegistrySupersededBefore(recordId);
        _supersessions[recordId] = Supersession({ signer: signer, supersededAt: _now(), by: by });
        emit MediaSuperseded(recordId, publisherId, contentDigest, signer, by);
    }

    /// @dev A revocation that is void counts as none.
    function _isRevoked(uint32 publisherId, bytes32 recordId) private view returns (bool) {
        Revocation storage revocation = _revocations[recordId];
        return revocation.signer != address(0) && !_isVoid(publisherId, revocation.signer, revocation.revokedAt);
    }

    /// @dev A supersession that is void counts as none.
    function _isSuperseded(uint32 publisherId, bytes32 recordId) private view returns (bool) {
        Supersession storage supersession = _supersessions[recordId];
        return
            supersession.signer != address(0) && !_isVoid(publisherId, supersession.signer, supersession.supersededAt);
    }
}
