#![allow(clippy::unwrap_used)]

use alloy_primitives::Address;
use chancery_reference_points::{Actor, Code, Role};

use super::{
    layer::row_of,
    matrix::{MATRIX, Row, Verdict, Who, find},
};

fn row(who: Who) -> Row {
    Row { method: "GET", path: "/somewhere", who, narrowing: "" }
}

fn actor(roles: &[Role]) -> Actor {
    Actor::new(Address::repeat_byte(7), roles.iter().copied())
}

// GATEWAY-1
#[test]
fn what_has_no_row_is_closed() {
    for (method, template) in
        [("GET", None), ("GET", Some("/v1/new")), ("PUT", Some("/v1/chains")), ("get", Some("/health"))]
    {
        assert_eq!(row_of(method, template).unwrap_err().error.code(), Code::UnknownRoute, "{method} {template:?}");
    }
}

#[test]
fn every_row_is_found_by_its_method_and_path_and_head_as_get() {
    for known in MATRIX {
        assert_eq!(find(known.method, known.path), Some(known));
        if known.method == "GET" {
            assert_eq!(find("HEAD", known.path), Some(known));
        }
    }
    assert_eq!(find("HEAD", "/v1/organizations/{code}/keys"), None);
}

// GATEWAY-2
#[test]
fn a_role_opens_what_names_it_and_nothing_else() {
    for needed in Role::ALL {
        let row = row(Who::Roles(Box::leak(Box::new([needed]))));
        for has in Role::ALL {
            let verdict = if has == needed { Verdict::Granted } else { Verdict::RoleRequired };
            assert_eq!(row.judge(&actor(&[has]), true, true), verdict, "{needed:?} {has:?}");
        }
        assert_eq!(row.judge(&actor(&[]), true, true), Verdict::RoleRequired);
        assert_eq!(row.judge(&Actor::public(), true, true), Verdict::AuthenticationRequired);
    }
}

#[test]
fn being_here_counts_where_the_row_says_so_alone() {
    let (local, itself) = (row(Who::LocalOr(&[Role::Operator])), row(Who::ItselfOr(&[Role::Registrar])));
    assert_eq!(local.judge(&Actor::public(), true, false), Verdict::Granted);
    assert_eq!(local.judge(&Actor::public(), false, true), Verdict::AuthenticationRequired);
    assert_eq!(local.judge(&actor(&[Role::Registrar]), false, true), Verdict::RoleRequired);
    assert_eq!(local.judge(&actor(&[Role::Operator]), false, false), Verdict::Granted);
    assert_eq!(itself.judge(&actor(&[]), true, false), Verdict::RoleRequired);
    assert_eq!(itself.judge(&actor(&[]), false, true), Verdict::Granted);
}

#[test]
fn only_open_rows_work_without_knowing_who_asks() {
    for known in MATRIX {
        let open = known.judge(&Actor::public(), false, false) == Verdict::Granted;
        assert_eq!(open, matches!(known.who, Who::Anybody | Who::AnybodyByRole), "{} {}", known.method, known.path);
    }
}
