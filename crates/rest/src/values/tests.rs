#![allow(clippy::unwrap_used)]

use super::*;

// From EIP-55.
const CHECKSUMMED: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";

// bad input: an address with a mistyped digit
#[test]
fn an_address_is_in_one_case_or_has_its_checksum() {
    let address: HexAddress = CHECKSUMMED.parse().unwrap();
    assert_eq!(address.to_string(), CHECKSUMMED);
    for same in [CHECKSUMMED.to_lowercase(), format!("0x{}", CHECKSUMMED[2..].to_uppercase())] {
        assert_eq!(same.parse(), Ok(address), "{same}");
    }
    for mistyped in [CHECKSUMMED.replace("5aAe", "5aae"), CHECKSUMMED.replace("6053", "6054")] {
        assert_eq!(mistyped.parse::<HexAddress>(), Err(AddressError::Checksum), "{mistyped}");
    }
    for shapeless in [
        "",
        "0x",
        &CHECKSUMMED[2..],
        &CHECKSUMMED[..41],
        &format!("{CHECKSUMMED}0"),
        "0x0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeA",
    ] {
        assert_eq!(shapeless.parse::<HexAddress>(), Err(AddressError::Shape), "{shapeless}");
    }
}

#[test]
fn a_hash_is_32_bytes_and_has_one_prefix() {
    let digits = "ce".repeat(32);
    let hash: HexHash = format!("0x{digits}").parse().unwrap();
    assert_eq!(hash.to_string(), format!("0x{digits}"));
    for wrong in [
        digits.clone(),
        format!("0x{}", &digits[2..]),
        format!("0x{digits}ce"),
        format!("0x0x{digits}"),
        format!("0x{}zz", &digits[2..]),
    ] {
        assert_eq!(wrong.parse::<HexHash>(), Err(HexError::Hash), "{wrong}");
    }
}

#[test]
fn bytes_are_whole_and_have_one_prefix() {
    for right in ["0x", "0x00", "0x04a1b2"] {
        assert_eq!(right.parse::<HexBytes>().unwrap().to_string(), right);
    }
    for wrong in ["", "04", "0x0", "0x0x04", "0xzz"] {
        assert_eq!(wrong.parse::<HexBytes>(), Err(HexError::Bytes), "{wrong}");
    }
}

// RFC 3339, section 5.6: what another reader may understand otherwise is not understood here.
#[test]
fn a_time_is_rfc_3339_and_nothing_longer() {
    for (text, seconds) in [
        ("2026-11-21T03:00:00Z", 1_795_230_000),
        ("2026-11-21t03:00:00z", 1_795_230_000),
        ("2026-11-21T11:00:00+08:00", 1_795_230_000),
        ("1969-12-31T23:59:59Z", 0),
    ] {
        assert_eq!(text.parse::<Timestamp>().unwrap().unix_seconds(), seconds, "{text}");
    }
    for wrong in [
        "",
        "2026-11-21",
        "2026-11-21T03:00:00",
        "2026-11-21 03:00:00Z",
        "20261121T030000Z",
        "2026-11-21T03:00:00+08:00[Asia/Shanghai]",
        "2026-11-21T03:00:00Z[UTC]",
        "2026-13-21T03:00:00Z",
    ] {
        assert_eq!(wrong.parse::<Timestamp>(), Err(TimeError), "{wrong}");
    }
}

#[test]
fn a_time_that_cannot_be_written_becomes_the_nearest_that_can() {
    let last = Timestamp(Instant::MAX);
    assert_eq!(Timestamp::from_unix_seconds(u64::MAX), last);
    assert_eq!(Timestamp::from_unix_milliseconds(u64::MAX), last);
    assert_eq!(Timestamp::from_unix_milliseconds(1_500).unix_milliseconds(), 1_500);
}
