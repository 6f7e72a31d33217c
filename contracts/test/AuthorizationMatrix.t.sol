// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

import {IERC1056} from "../src/interfaces/IERC1056.sol";
import {IAccessRuleRegistry} from "../src/interfaces/IAccessRuleRegistry.sol";
import {IChangeApprovals} from "../src/interfaces/IChangeApprovals.sol";
import {IConsortiumVoting} from "../src/interfaces/IConsortiumVoting.sol";
import {IValidatorRegistry} from "../src/interfaces/IValidatorRegistry.sol";
import {IContractFactory} from "../src/interfaces/IContractFactory.sol";
import {IContractReleases} from "../src/interfaces/IContractReleases.sol";
import {DigitalAsset} from "../src/sharing/DigitalAsset.sol";
import {IDigitalAsset} from "../src/interfaces/IDigitalAsset.sol";
import {IResourceDirectory} from "../src/interfaces/IResourceDirectory.sol";
import {ResourceDirectory} from "../src/sharing/ResourceDirectory.sol";
import {Roles} from "../src/libraries/Roles.sol";
import {Predeploys} from "../src/libraries/Predeploys.sol";
import {PermissionList} from "../src/types/PermissionTypes.sol";
import {ApprovalStatus, DecideChange, ProposeChange} from "../src/types/ChangeTypes.sol";
import {ChangeStatus, Inspect, Issue} from "../src/types/CertificateTypes.sol";
import {ChangeRelease, ProposeContract, ReleaseStatus} from "../src/types/ReleaseTypes.sol";
import {Artifacts} from "./support/Artifacts.sol";
import {BridgeScene, SceneRow, Who} from "./support/BridgeScene.sol";
import {ChangeScene} from "./support/ChangeScene.sol";
import {Consortium} from "./support/Consortium.sol";
import {Counter} from "./support/Counter.sol";
import {ReleaseScene} from "./support/ReleaseScene.sol";
import {TrustScene} from "./support/TrustScene.sol";
import {Vm, vm} from "./support/Vm.sol";

/// Every state-changing function of every contract x every sort of caller. The contracts are read from `src` and the
/// functions from the compiled artifacts, so that a new one without a row fails.
contract AuthorizationMatrixTest is Consortium, ReleaseScene, ChangeScene {
    /// A call that goes through for the allowed callers, and what the others are told.
    struct Row {
        address target;
        string signature;
        bytes call;
        /// One bit for each caller.
        uint256 allowed;
        /// Selector of the refusal; zero for a revert without data.
        bytes4 refusal;
    }

    uint256 private constant NOBODY = 0;
    uint256 private constant BY_ADMINISTRATOR = 1 << 0;
    uint256 private constant BY_OPERATOR = 1 << 1;
    uint256 private constant BY_SUBMITTER = 1 << 2;
    uint256 private constant BY_UNIVERSITY_ADMINISTRATOR = 1 << 3;
    uint256 private constant BY_OTHER_ADMINISTRATOR = 1 << 4;
    uint256 private constant BY_ISSUER = 1 << 5;
    uint256 private constant BY_INSPECTOR = 1 << 6;
    uint256 private constant BY_HOLDER = 1 << 7;
    uint256 private constant BY_STRANGER = 1 << 8;
    uint256 private constant BY_ACCESS_MANAGER = 1 << 9;
    uint256 private constant ANYBODY = (1 << 10) - 1;

    bytes4 private constant MANAGED = IAccessManaged.AccessManagedUnauthorized.selector;
    bytes4 private constant ACCOUNT = IAccessManager.AccessManagerUnauthorizedAccount.selector;
    bytes4 private constant CALL = IAccessManager.AccessManagerUnauthorizedCall.selector;
    bytes4 private constant OWNER = IERC1056.NotIdentityOwner.selector;

    bytes32 private constant ISSUED = bytes32(uint256(0xa1));
    bytes32 private constant ROOT = keccak256("root");

    address[] private _callers;
    Row[] private _rows;
    /// Which contract of `src` stands there.
    mapping(address target => string name) private _nameOf;

    function setUp() public override {
        super.setUp();
        _callers = [
            ADMINISTRATOR,
            OPERATOR,
            SUBMITTER,
            UNIVERSITY_ADMINISTRATOR,
            OTHER_ADMINISTRATOR,
            ISSUER,
            INSPECTOR,
            HOLDER,
            STRANGER,
            Predeploys.ACCESS_MANAGER
        ];
        _send(_issue(ISSUED));
        vm.prank(OPERATOR);
        formats.configure("weather", 1, keccak256("schema"), "", "schema");
        vm.prank(OPERATOR);
        organizations.suspendOrganization(OTHER_UNIVERSITY);

        _nameOf[Predeploys.ACCESS_MANAGER] = "GenesisAccessManager";
        _nameOf[Predeploys.ORGANIZATION_REGISTRY] = "OrganizationRegistry";
        _nameOf[Predeploys.ETHEREUM_DID_REGISTRY] = "EthereumDIDRegistry";
        _nameOf[Predeploys.DATA_FORMAT_REGISTRY] = "DataFormatRegistry";
        _nameOf[Predeploys.DATA_BLOCK_REGISTRY] = "DataBlockRegistry";
        _nameOf[Predeploys.CERTIFICATE_REGISTRY] = "CertificateRegistry";
        _nameOf[Predeploys.VALIDATOR_REGISTRY] = "ValidatorRegistry";
        _nameOf[Predeploys.PERMISSIONS] = "Permissions";
        _nameOf[Predeploys.CONTRACT_RELEASES] = "ContractReleases";
        _nameOf[Predeploys.ACCESS_RULES] = "AccessRuleRegistry";
        _nameOf[Predeploys.CHANGE_APPROVALS] = "ChangeApprovals";

        _addAccessManager();
        _addOrganizationRegistry();
        _addDataRegistries();
        _addIdentities();
        _addCertificates();
        _addValidators();
        _addPermissions();
        _addBridge();
        _addSharing();
        _addTrust();
        _addReleases();
        _addAccessRules();
        _addChanges();
    }

    function test_every_caller_may_do_what_the_matrix_says_and_nothing_else() public {
        for (uint256 i = 0; i < _rows.length; ++i) {
            Row memory row = _rows[i];
            for (uint256 caller = 0; caller < _callers.length; ++caller) {
                uint256 before = vm.snapshotState();
                vm.prank(_callers[caller]);
                (bool done, bytes memory answer) = row.target.call(row.call);
                vm.revertToState(before);

                string memory what = string.concat(row.signature, " by caller ", vm.toString(caller));
                vm.assertEq(done, row.allowed & (1 << caller) != 0, what);
                if (!done) vm.assertEq(_selector(answer), bytes32(row.refusal), what);
            }
        }
    }

    function test_every_state_changing_function_stands_in_the_matrix() public view {
        uint256 functions =
            _checkFolder("src") + _checkFolder("src/bridge") + _checkFolder("src/sharing") + _checkFolder("src/trust");
        uint256 distinct = 0;
        for (uint256 i = 0; i < _rows.length; ++i) {
            if (!_appearsBefore(i)) ++distinct;
        }
        vm.assertEq(distinct, functions, "a row is for a function that is not there");
    }

    /// Who signs x what is signed: sending is anybody's, signing is not (CERT-2).
    function test_only_the_right_keys_signatures_are_recorded() public {
        uint256[5] memory keys = [ISSUER_KEY, OTHER_ISSUER_KEY, INSPECTOR_KEY, HOLDER_KEY, STRANGER_KEY];
        for (uint256 i = 0; i < keys.length; ++i) {
            address signer = vm.addr(keys[i]);
            bool issuer = keys[i] == ISSUER_KEY;

            Issue memory first = _issue(bytes32(uint256(0xa2)));
            _expectSigned(
                abi.encodeCall(
                    registry.issue, (first, signer, _signature(keys[i], registry.issueDigest(first)), SEALED)
                ),
                issuer
            );
            first.previous = ISSUED;
            _expectSigned(
                abi.encodeCall(
                    registry.issue, (first, signer, _signature(keys[i], registry.issueDigest(first)), SEALED)
                ),
                issuer
            );
            for (uint8 status = 2; status <= 3; ++status) {
                ChangeStatus memory change = _change(ISSUED, status, 0, 0);
                bytes memory signature = _signature(keys[i], registry.changeStatusDigest(change));
                _expectSigned(abi.encodeCall(registry.changeStatus, (change, signer, signature)), issuer);
            }
            Inspect memory inspection = _inspection(ISSUED, 1);
            bytes memory inspected = _signature(keys[i], registry.inspectDigest(inspection));
            _expectSigned(abi.encodeCall(registry.inspect, (inspection, signer, inspected)), keys[i] == INSPECTOR_KEY);
        }
    }

    function _addAccessManager() private {
        address target = Predeploys.ACCESS_MANAGER;
        uint64 role = Roles.OPERATOR;
        address formatsAt = Predeploys.DATA_FORMAT_REGISTRY;
        bytes4[] memory selectors = new bytes4[](1);
        bytes memory record = abi.encodeCall(blocks.record, (ROOT, 1, START, START));
        bytes[] memory calls = new bytes[](1);
        calls[0] = abi.encodeCall(manager.grantRole, (role, STRANGER, 0));

        _add(target, "labelRole(uint64,string)", abi.encode(role, "label"), BY_ADMINISTRATOR, ACCOUNT);
        _add(target, "grantRole(uint64,address,uint32)", abi.encode(role, STRANGER, 0), BY_ADMINISTRATOR, ACCOUNT);
        _add(target, "revokeRole(uint64,address)", abi.encode(role, OPERATOR), BY_ADMINISTRATOR, ACCOUNT);
        _add(
            target,
            "renounceRole(uint64,address)",
            abi.encode(role, OPERATOR),
            BY_OPERATOR,
            IAccessManager.AccessManagerBadConfirmation.selector
        );
        _add(target, "setRoleAdmin(uint64,uint64)", abi.encode(role, role), BY_ADMINISTRATOR, ACCOUNT);
        _add(target, "setRoleGuardian(uint64,uint64)", abi.encode(role, role), BY_ADMINISTRATOR, ACCOUNT);
        _add(target, "setGrantDelay(uint64,uint32)", abi.encode(role, 60), BY_ADMINISTRATOR, ACCOUNT);
        _add(
            target,
            "setTargetFunctionRole(address,bytes4[],uint64)",
            abi.encode(formatsAt, selectors, role),
            BY_ADMINISTRATOR,
            ACCOUNT
        );
        _add(target, "setTargetAdminDelay(address,uint32)", abi.encode(formatsAt, 60), BY_ADMINISTRATOR, ACCOUNT);
        _add(target, "setTargetClosed(address,bool)", abi.encode(formatsAt, true), BY_ADMINISTRATOR, ACCOUNT);
        _add(target, "updateAuthority(address,address)", abi.encode(formatsAt, target), BY_ADMINISTRATOR, ACCOUNT);
        _add(target, "execute(address,bytes)", abi.encode(Predeploys.DATA_BLOCK_REGISTRY, record), BY_SUBMITTER, CALL);
        // No role has a delay, so there is nothing to schedule, cancel or consume.
        _add(
            target,
            "schedule(address,bytes,uint48)",
            abi.encode(Predeploys.DATA_BLOCK_REGISTRY, record, 0),
            NOBODY,
            CALL
        );
        _add(
            target,
            "cancel(address,address,bytes)",
            abi.encode(SUBMITTER, Predeploys.DATA_BLOCK_REGISTRY, record),
            NOBODY,
            IAccessManager.AccessManagerNotScheduled.selector
        );
        _add(target, "consumeScheduledOp(address,bytes)", abi.encode(SUBMITTER, record), NOBODY, 0);
        // Several calls at once, each for itself.
        _add(target, "multicall(bytes[])", abi.encode(calls), BY_ADMINISTRATOR, ACCOUNT);
        _add(target, "multicall(bytes[])", abi.encode(new bytes[](0)), ANYBODY, 0);
    }

    function _addOrganizationRegistry() private {
        address target = Predeploys.ORGANIZATION_REGISTRY;
        uint256 byAdministration = BY_OPERATOR | BY_UNIVERSITY_ADMINISTRATOR;
        _add(
            target,
            "registerOrganization(bytes32,string,bytes32,address)",
            abi.encode(bytes32("NEW"), "New", bytes32(0), STRANGER),
            BY_OPERATOR,
            MANAGED
        );
        _add(
            target,
            "updateOrganization(bytes32,string,bytes32)",
            abi.encode(UNIVERSITY, "Renamed", bytes32(0)),
            BY_OPERATOR,
            MANAGED
        );
        _add(
            target, "changeAdministrator(bytes32,address)", abi.encode(UNIVERSITY, STRANGER), byAdministration, MANAGED
        );
        _add(target, "suspendOrganization(bytes32)", abi.encode(UNIVERSITY), BY_OPERATOR, MANAGED);
        _add(target, "resumeOrganization(bytes32)", abi.encode(OTHER_UNIVERSITY), BY_OPERATOR, MANAGED);
        _add(target, "grantRight(bytes32,bytes32)", abi.encode(UNIVERSITY, MARRIAGE), BY_OPERATOR, MANAGED);
        _add(target, "revokeRight(bytes32,bytes32)", abi.encode(UNIVERSITY, DEGREE), BY_OPERATOR, MANAGED);
        _add(
            target,
            "authorizeKey(bytes32,address,bytes32,uint64,uint64)",
            abi.encode(UNIVERSITY, STRANGER, DEGREE, 0, 0),
            byAdministration,
            MANAGED
        );
        _add(
            target,
            "revokeKey(bytes32,address,bytes32,uint64,uint8)",
            abi.encode(UNIVERSITY, ISSUER, DEGREE, 0, 4),
            byAdministration,
            MANAGED
        );
        _add(
            target,
            "rotateKey(bytes32,address,address,bytes32,uint64)",
            abi.encode(UNIVERSITY, ISSUER, STRANGER, DEGREE, 0),
            byAdministration,
            MANAGED
        );
        _addSetAuthority(target);
    }

    /// An asset of the issuer, whose key its university lets share; the holder is listed, and has asked three times.
    function _addSharing() private {
        bytes4 owner = IDigitalAsset.NotOwner.selector;
        vm.prank(ISSUER);
        DigitalAsset asset = new DigitalAsset();
        vm.prank(ISSUER);
        asset.publish(1, "text", 0, 0, 0, 1, "text");
        vm.prank(ISSUER);
        asset.list(HOLDER);
        for (uint256 i = 0; i < 2; ++i) {
            vm.prank(HOLDER);
            asset.request(1, "key", 0);
        }
        vm.prank(ISSUER);
        asset.decide(2, true);
        vm.prank(ISSUER);
        asset.giveRight(HOLDER, "purpose", uint64(block.timestamp));
        vm.prank(ISSUER);
        asset.offerOwnership(HOLDER);
        address target = address(asset);
        _nameOf[target] = "DigitalAsset";
        _add(
            target,
            "publish(uint32,bytes32,bytes32,bytes32,uint64,uint32,bytes)",
            abi.encode(2, bytes32("text"), 0, 0, 0, 1, bytes("text")),
            BY_ISSUER,
            owner
        );
        _add(target, "list(address)", abi.encode(STRANGER), BY_ISSUER, owner);
        _add(target, "remove(address)", abi.encode(HOLDER), BY_ISSUER, owner);
        _add(target, "setAutomatic(bool)", abi.encode(true), BY_ISSUER, owner);
        _add(
            target,
            "request(uint32,bytes32,bytes32)",
            abi.encode(1, bytes32("key"), 0),
            BY_HOLDER,
            IDigitalAsset.NotListed.selector
        );
        _add(target, "decide(uint64,bool)", abi.encode(1, true), BY_ISSUER, owner);
        _add(target, "grant(uint64,bytes32,uint64)", abi.encode(2, bytes32("sealed"), 0), BY_ISSUER, owner);
        _add(target, "end(uint64)", abi.encode(1), BY_ISSUER | BY_HOLDER, IDigitalAsset.NotReader.selector);
        _addOwnership(target);

        vm.prank(OPERATOR);
        organizations.grantRight(UNIVERSITY, "sharing");
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        organizations.authorizeKey(UNIVERSITY, ISSUER, "sharing", 0, 0);
        ResourceDirectory directory = new ResourceDirectory(Predeploys.ORGANIZATION_REGISTRY);
        _nameOf[address(directory)] = "ResourceDirectory";
        vm.prank(ISSUER);
        directory.register("first", target, UNIVERSITY, 1, 0, "");
        bytes4 refusal = IResourceDirectory.NotAssetOwner.selector;
        _add(
            address(directory),
            "register(bytes32,address,bytes32,uint32,bytes32,string)",
            abi.encode(bytes32("second"), target, UNIVERSITY, 1, 0, ""),
            BY_ISSUER,
            refusal
        );
        _add(
            address(directory),
            "describe(bytes32,uint32,bytes32,string)",
            abi.encode(bytes32("first"), 2, 0, ""),
            BY_ISSUER,
            refusal
        );
        _add(address(directory), "withdraw(bytes32)", abi.encode(bytes32("first")), BY_ISSUER, refusal);
        vm.prank(OPERATOR);
        organizations.grantRight(INSPECTORATE, "sharing");
        vm.prank(INSPECTORATE_ADMINISTRATOR);
        organizations.authorizeKey(INSPECTORATE, ISSUER, "sharing", 0, 0);
        _add(
            address(directory),
            "takeOver(bytes32,bytes32)",
            abi.encode(bytes32("first"), INSPECTORATE),
            BY_ISSUER,
            refusal
        );
    }

    /// The holder has a right of use, and is offered the asset.
    function _addOwnership(address target) private {
        bytes4 owner = IDigitalAsset.NotOwner.selector;
        _add(target, "offerOwnership(address)", abi.encode(STRANGER), BY_ISSUER, owner);
        _add(target, "acceptOwnership()", "", BY_HOLDER, IDigitalAsset.NotOffered.selector);
        bytes memory right = abi.encode(STRANGER, bytes32("purpose"), uint64(block.timestamp));
        _add(target, "giveRight(address,bytes32,uint64)", right, BY_ISSUER, owner);
        _add(target, "withdrawRight(uint64)", abi.encode(1), BY_ISSUER, owner);
        bytes memory asked = abi.encode(1, 1, bytes32("key"));
        _add(target, "requestUnder(uint64,uint32,bytes32)", asked, BY_HOLDER, IDigitalAsset.NotHolder.selector);
    }

    function _addDataRegistries() private {
        address target = Predeploys.DATA_FORMAT_REGISTRY;
        _add(
            target,
            "configure(bytes32,uint32,bytes32,string,bytes)",
            abi.encode(bytes32("weather"), 2, keccak256("schema"), "", bytes("schema")),
            BY_OPERATOR,
            MANAGED
        );
        _add(target, "withdraw(bytes32,uint32)", abi.encode(bytes32("weather"), 1), BY_OPERATOR, MANAGED);
        _addSetAuthority(target);

        target = Predeploys.DATA_BLOCK_REGISTRY;
        _add(target, "record(bytes32,uint32,uint64,uint64)", abi.encode(ROOT, 1, START, START), BY_SUBMITTER, MANAGED);
        _addSetAuthority(target);
    }

    function _addIdentities() private {
        address target = Predeploys.ETHEREUM_DID_REGISTRY;
        bytes32 name = "did/pub/X25519/enc/hex";
        bytes memory value = "value";
        uint256 validity = 60;
        _add(target, "changeOwner(address,address)", abi.encode(HOLDER, STRANGER), BY_HOLDER, OWNER);
        _add(
            target,
            "addDelegate(address,bytes32,address,uint256)",
            abi.encode(HOLDER, name, STRANGER, validity),
            BY_HOLDER,
            OWNER
        );
        _add(target, "revokeDelegate(address,bytes32,address)", abi.encode(HOLDER, name, STRANGER), BY_HOLDER, OWNER);
        _add(
            target,
            "setAttribute(address,bytes32,bytes,uint256)",
            abi.encode(HOLDER, name, value, validity),
            BY_HOLDER,
            OWNER
        );
        _add(target, "revokeAttribute(address,bytes32,bytes)", abi.encode(HOLDER, name, value), BY_HOLDER, OWNER);

        // Signed by the owner: anybody may send.
        (uint8 v, bytes32 r, bytes32 s) = _signIdentity(abi.encodePacked("changeOwner", STRANGER));
        _add(
            target,
            "changeOwnerSigned(address,uint8,bytes32,bytes32,address)",
            abi.encode(HOLDER, v, r, s, STRANGER),
            ANYBODY,
            0
        );
        (v, r, s) = _signIdentity(abi.encodePacked("addDelegate", name, STRANGER, validity));
        _add(
            target,
            "addDelegateSigned(address,uint8,bytes32,bytes32,bytes32,address,uint256)",
            abi.encode(HOLDER, v, r, s, name, STRANGER, validity),
            ANYBODY,
            0
        );
        (v, r, s) = _signIdentity(abi.encodePacked("revokeDelegate", name, STRANGER));
        _add(
            target,
            "revokeDelegateSigned(address,uint8,bytes32,bytes32,bytes32,address)",
            abi.encode(HOLDER, v, r, s, name, STRANGER),
            ANYBODY,
            0
        );
        (v, r, s) = _signIdentity(abi.encodePacked("setAttribute", name, value, validity));
        _add(
            target,
            "setAttributeSigned(address,uint8,bytes32,bytes32,bytes32,bytes,uint256)",
            abi.encode(HOLDER, v, r, s, name, value, validity),
            ANYBODY,
            0
        );
        (v, r, s) = _signIdentity(abi.encodePacked("revokeAttribute", name, value));
        _add(
            target,
            "revokeAttributeSigned(address,uint8,bytes32,bytes32,bytes32,bytes)",
            abi.encode(HOLDER, v, r, s, name, value),
            ANYBODY,
            0
        );
    }

    function _addCertificates() private {
        address target = Predeploys.CERTIFICATE_REGISTRY;
        Issue memory first = _issue(bytes32(uint256(0xa2)));
        _addCall(
            target,
            "issue((bytes32,bytes32,bytes32,address,bytes32,bytes32,uint64,uint64,bytes32,uint64),address,bytes,bytes)",
            abi.encodeCall(
                registry.issue, (first, ISSUER, _signature(ISSUER_KEY, registry.issueDigest(first)), SEALED)
            ),
            ANYBODY,
            0
        );
        ChangeStatus memory change = _change(ISSUED, 3, 0, 0);
        _addCall(
            target,
            "changeStatus((bytes32,uint8,uint8,uint64,uint64),address,bytes)",
            abi.encodeCall(
                registry.changeStatus, (change, ISSUER, _signature(ISSUER_KEY, registry.changeStatusDigest(change)))
            ),
            ANYBODY,
            0
        );
        Inspect memory inspection = _inspection(ISSUED, 1);
        _addCall(
            target,
            "inspect((bytes32,address,bytes32,bytes32,uint8,uint64),address,bytes)",
            abi.encodeCall(
                registry.inspect, (inspection, INSPECTOR, _signature(INSPECTOR_KEY, registry.inspectDigest(inspection)))
            ),
            ANYBODY,
            0
        );
    }

    /// Organizations 0 and 1 are left of three; the university's administrator votes for the first now.
    function _addValidators() private {
        _consortium(3);
        vm.prank(_voter(0));
        uint256 removal = members.proposeRemoval(_peerKey(2));
        vm.prank(_voter(1));
        members.vote(removal);
        vm.prank(_voter(2));
        members.vote(removal);
        vm.prank(_voter(1));
        uint256 handed = members.proposeVoter(_organization(0), UNIVERSITY_ADMINISTRATOR);
        vm.prank(_voter(0));
        members.vote(handed);
        vm.prank(_voter(1));
        uint256 open = members.proposeVoter(_organization(1), STRANGER);
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        uint256 own = members.proposeRemoval(_peerKey(1));

        address target = Predeploys.VALIDATOR_REGISTRY;
        bytes4 refusal = IValidatorRegistry.NotAVoter.selector;
        uint256 allowed = BY_UNIVERSITY_ADMINISTRATOR;
        _add(
            target,
            "proposeAddition(bytes32,bytes32,bytes,bytes,address)",
            abi.encode(bytes32("NEW"), _peerKey(5), bls.key(_secret(5)), bls.possession(_secret(5)), SUBMITTER),
            allowed,
            refusal
        );
        _add(target, "proposeRemoval(bytes32)", abi.encode(_peerKey(1)), allowed, refusal);
        _add(target, "proposeVoter(bytes32,address)", abi.encode(_organization(1), STRANGER), allowed, refusal);
        _add(target, "vote(uint256)", abi.encode(open), allowed, refusal);
        // Nobody can settle what has not enough votes; that anybody can settle what has is in `ValidatorRegistry.t.sol`.
        _add(target, "settle(uint256)", abi.encode(open), NOBODY, IValidatorRegistry.NotEnoughVotes.selector);
        _add(target, "withdraw(uint256)", abi.encode(own), allowed, refusal);
        // That anybody can clear what has expired is in `ProposalBounds.t.sol`.
        _add(target, "clear(uint256)", abi.encode(open), NOBODY, IValidatorRegistry.ProposalNotExpired.selector);
    }

    /// The university's administrator votes for the first of two organizations, as in {_addValidators}.
    function _addPermissions() private {
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        permissions.proposePermit(PermissionList.Send, _subject(ISSUER), UNIVERSITY);
        vm.prank(_voter(1));
        permissions.vote(0);
        vm.prank(_voter(1));
        uint256 open = permissions.proposeMode(PermissionList.Deploy, true);
        vm.prank(UNIVERSITY_ADMINISTRATOR);
        uint256 own = permissions.proposeMode(PermissionList.Connect, true);

        address target = Predeploys.PERMISSIONS;
        bytes4 refusal = IConsortiumVoting.NotAVoter.selector;
        uint256 allowed = BY_UNIVERSITY_ADMINISTRATOR;
        uint8 connect = uint8(PermissionList.Connect);
        uint8 send = uint8(PermissionList.Send);
        _add(
            target,
            "proposePermit(uint8,bytes32,bytes32)",
            abi.encode(connect, _peerKey(5), UNIVERSITY),
            allowed,
            refusal
        );
        _add(target, "proposeForbid(uint8,bytes32)", abi.encode(send, _subject(ISSUER)), allowed, refusal);
        _add(target, "proposeMode(uint8,bool)", abi.encode(send, true), allowed, refusal);
        _add(target, "vote(uint256)", abi.encode(open), allowed, refusal);
        // Its time is not over; that anybody may clear it then is in `Permissions.t.sol`.
        _add(target, "withdraw(uint256)", abi.encode(own), allowed, refusal);
        _add(target, "clear(uint256)", abi.encode(open), NOBODY, IConsortiumVoting.ProposalNotExpired.selector);
        // That anybody can settle what has enough votes is in `Permissions.t.sol`.
        _add(target, "settle(uint256)", abi.encode(open), NOBODY, IConsortiumVoting.NotEnoughVotes.selector);
    }

    /// The university's administrator speaks for a member, and votes for the first of two organizations, as in {_addValidators}.
    function _addBridge() private {
        _addScene(new BridgeScene(UNIVERSITY_ADMINISTRATOR).rows());
    }

    /// Steps are signed; whoever sends them, they are recorded. That only the right operators' signatures are is in `ContractReleases.t.sol`.
    function _addReleases() private {
        address target = Predeploys.CONTRACT_RELEASES;
        _appoint();
        _nameOf[address(factory)] = "ContractFactory";
        _add(
            target,
            "appointFactory(address)",
            abi.encode(address(factory)),
            NOBODY,
            IContractReleases.FactoryKnown.selector
        );
        ProposeContract memory proposal = _proposal(3, 7);
        bytes memory signature = _signature(FIRST_OPERATOR_KEY, contractReleases.proposeContractDigest(proposal));
        _addCall(
            target,
            "propose((bytes32,uint32,bytes32,bytes32,bytes32,bytes32,bytes32,bytes32,uint64),address,bytes,bytes,bytes,bytes)",
            abi.encodeCall(
                contractReleases.propose,
                (proposal, vm.addr(FIRST_OPERATOR_KEY), signature, type(Counter).creationCode, abi.encode(7), INTERFACE)
            ),
            ANYBODY,
            0
        );
        bytes32 reviewed = _propose(_proposal(1, 7), 7, FIRST_OPERATOR_KEY);
        ChangeRelease memory change = _change(reviewed, ReleaseStatus.APPROVED);
        _addCall(
            target,
            "changeRelease((bytes32,uint8,string,uint64),address,bytes)",
            abi.encodeCall(
                contractReleases.changeRelease,
                (change, vm.addr(SECOND_OPERATOR_KEY), _signed(change, SECOND_OPERATOR_KEY))
            ),
            ANYBODY,
            0
        );
        bytes32 approved = _propose(_proposal(2, 7), 7, FIRST_OPERATOR_KEY);
        _step(approved, ReleaseStatus.APPROVED, SECOND_OPERATOR_KEY);
        change = _change(approved, ReleaseStatus.DEPLOYED);
        _addCall(
            target,
            "deploy((bytes32,uint8,string,uint64),address,bytes,bytes)",
            abi.encodeCall(
                contractReleases.deploy,
                (change, vm.addr(FIRST_OPERATOR_KEY), _signed(change, FIRST_OPERATOR_KEY), _initCode(7))
            ),
            ANYBODY,
            0
        );
        bytes memory code = abi.encode(bytes32(0), _initCode(7));
        _add(address(factory), "deploy(bytes32,bytes)", code, NOBODY, IContractFactory.NotReleases.selector);
        _add(address(factory), "simulate(bytes32,bytes)", code, NOBODY, IContractFactory.Simulated.selector);
    }

    function _addAccessRules() private {
        _add(
            Predeploys.ACCESS_RULES,
            "configure(bytes32,uint32,address,bytes)",
            abi.encode(bytes32("service"), 1, HOLDER, bytes("{}")),
            BY_OPERATOR,
            IAccessRuleRegistry.NotOperator.selector
        );
    }

    /// Sending is anybody's, signing is two operators'; that it was applied is said by whoever applies.
    function _addChanges() private {
        address target = Predeploys.CHANGE_APPROVALS;
        ProposeChange memory proposal = _proposalOf(3);
        bytes memory signature = _signature(FIRST_OPERATOR_KEY, approvals.proposeChangeDigest(proposal));
        _addCall(
            target,
            "propose((uint8,bytes32,bytes32,uint64,uint64),address,bytes,bytes)",
            abi.encodeCall(approvals.propose, (proposal, vm.addr(FIRST_OPERATOR_KEY), signature, CONTENT)),
            ANYBODY,
            0
        );
        bytes32 proposed = _proposeChange(_proposalOf(1), FIRST_OPERATOR_KEY);
        DecideChange memory decision = _decision(proposed, ApprovalStatus.APPROVED);
        signature = _signature(SECOND_OPERATOR_KEY, approvals.decideChangeDigest(decision));
        _addCall(
            target,
            "decide((bytes32,uint8,string,uint64),address,bytes)",
            abi.encodeCall(approvals.decide, (decision, vm.addr(SECOND_OPERATOR_KEY), signature)),
            ANYBODY,
            0
        );
        bytes32 approved = _proposeChange(_proposalOf(2), FIRST_OPERATOR_KEY);
        _decide(approved, ApprovalStatus.APPROVED, SECOND_OPERATOR_KEY);
        _add(target, "markApplied(bytes32)", abi.encode(approved), BY_OPERATOR, IChangeApprovals.NotOperator.selector);
    }

    function _addTrust() private {
        _addScene(new TrustScene().rows());
    }

    function _addScene(SceneRow[] memory rows) private {
        for (uint256 i = 0; i < rows.length; ++i) {
            SceneRow memory row = rows[i];
            _nameOf[row.target] = row.contractName;
            uint256 allowed = NOBODY;
            if (row.who == Who.Anybody) allowed = ANYBODY;
            if (row.who == Who.Authority) allowed = BY_UNIVERSITY_ADMINISTRATOR;
            if (row.who == Who.Operator) allowed = BY_OPERATOR;
            _addCall(row.target, row.signature, row.call, allowed, row.refusal);
        }
    }

    function _addSetAuthority(address target) private {
        _add(target, "setAuthority(address)", abi.encode(Predeploys.ACCESS_MANAGER), BY_ACCESS_MANAGER, MANAGED);
    }

    function _add(address target, string memory signature, bytes memory arguments, uint256 allowed, bytes4 refusal)
        private
    {
        _addCall(target, signature, bytes.concat(bytes4(keccak256(bytes(signature))), arguments), allowed, refusal);
    }

    function _addCall(address target, string memory signature, bytes memory call, uint256 allowed, bytes4 refusal)
        private
    {
        vm.assertEq(_selector(call), bytes32(bytes4(keccak256(bytes(signature)))), signature);
        _rows.push(Row(target, signature, call, allowed, refusal));
    }

    /// Checks the contracts of a folder, without those in the folders inside.
    function _checkFolder(string memory folder) private view returns (uint256 functions) {
        Vm.DirEntry[] memory sources = vm.readDir(folder);
        for (uint256 i = 0; i < sources.length; ++i) {
            if (sources[i].isDir) continue;
            string memory name = Artifacts.contractIn(sources[i].path);
            // An abstract contract is part of those that inherit it.
            if (Artifacts.equal(vm.parseJsonString(Artifacts.read(name), ".bytecode.object"), "0x")) continue;
            vm.assertTrue(_isInMatrix(name), string.concat(name, " is in src and not in the matrix"));
            functions += _checkArtifact(name);
        }
    }

    /// Counts the state-changing functions of a contract and checks that each has a row.
    function _checkArtifact(string memory name) private view returns (uint256 count) {
        string memory json = Artifacts.read(name);
        string[] memory signatures = vm.parseJsonKeys(json, ".methodIdentifiers");
        uint256 functions = 0;
        for (uint256 i = 0; vm.keyExistsJson(json, Artifacts.entry(i, "")); ++i) {
            string memory sort = vm.parseJsonString(json, Artifacts.entry(i, ".type"));
            vm.assertFalse(
                Artifacts.equal(sort, "fallback") || Artifacts.equal(sort, "receive"), "a contract takes unnamed calls"
            );
            if (!Artifacts.equal(sort, "function")) continue;
            ++functions;
            string memory mutability = vm.parseJsonString(json, Artifacts.entry(i, ".stateMutability"));
            if (Artifacts.equal(mutability, "view") || Artifacts.equal(mutability, "pure")) continue;
            string memory signature =
                Artifacts.identifier(signatures, vm.parseJsonString(json, Artifacts.entry(i, ".name")));
            vm.assertTrue(_hasRow(name, signature), string.concat(name, " has no row for ", signature));
            ++count;
        }
        // A name stands for one function, or the search by name would miss one.
        vm.assertEq(functions, signatures.length, name);
    }

    function _isInMatrix(string memory name) private view returns (bool) {
        for (uint256 i = 0; i < _rows.length; ++i) {
            if (Artifacts.equal(_nameOf[_rows[i].target], name)) return true;
        }
        return false;
    }

    function _hasRow(string memory name, string memory signature) private view returns (bool) {
        for (uint256 i = 0; i < _rows.length; ++i) {
            if (Artifacts.equal(_nameOf[_rows[i].target], name) && Artifacts.equal(_rows[i].signature, signature)) {
                return true;
            }
        }
        return false;
    }

    function _appearsBefore(uint256 index) private view returns (bool) {
        for (uint256 i = 0; i < index; ++i) {
            if (_isSameContract(i, index) && Artifacts.equal(_rows[i].signature, _rows[index].signature)) {
                return true;
            }
        }
        return false;
    }

    function _isSameContract(uint256 one, uint256 other) private view returns (bool) {
        return Artifacts.equal(_nameOf[_rows[one].target], _nameOf[_rows[other].target]);
    }

    function _expectSigned(bytes memory call, bool expected) private {
        uint256 before = vm.snapshotState();
        (bool done,) = Predeploys.CERTIFICATE_REGISTRY.call(call);
        vm.revertToState(before);
        vm.assertEq(done, expected, "signed by");
    }

    function _signIdentity(bytes memory call) private view returns (uint8, bytes32, bytes32) {
        bytes memory preimage = abi.encodePacked(bytes2(0x1900), address(identities), uint256(0), HOLDER, call);
        return vm.sign(HOLDER_KEY, keccak256(preimage));
    }

    function _selector(bytes memory data) private pure returns (bytes32) {
        if (data.length < 4) return 0;
        return bytes32(bytes.concat(data[0], data[1], data[2], data[3]));
    }
}
