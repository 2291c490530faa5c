//! `System.Net.IPAddress`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::expr::code::Run;
use crate::expr::dotnet::ip_address::parse;
use crate::expr::fault::Fault;
use crate::expr::library::args::string;
use crate::expr::library::array::{bytes, to_bytes};
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Str, Value};

struct Address(IpAddr);

impl Object for Address {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::IPAddress)
    }

    fn to_text(&self, _: &mut Run<'_>) -> Result<Option<Str>, Fault> {
        Ok(Some(self.0.to_string().into()))
    }

    fn equals(&self, other: &Value) -> Option<bool> {
        Some(other.downcast::<Self>().is_some_and(|address| address.0 == self.0))
    }

    fn hash_code(&self) -> Option<i32> {
        let octets = octets(self.0);
        Some(octets.iter().fold(17, |hash: i32, byte| hash.wrapping_mul(31).wrapping_add((*byte).into())))
    }
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    }
}

fn object(address: IpAddr) -> Value {
    Value::object(Address(address))
}

fn get(value: &Value, parameter: &str) -> Result<IpAddr, Fault> {
    value.downcast::<Address>().map(|address| address.0).ok_or_else(|| Fault::argument_null(parameter))
}

/// Adds the members of `IPAddress`.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::IPAddress)
        .def("static IPAddress Parse(string ipString)", |_, a| Ok(object(parse(&string(&a[0], "ipString")?.text())?)))
        .def("static bool TryParse(string ipString, out IPAddress address)", |_, a| {
            let parsed = a[0].as_text().and_then(|text| parse(&text.text()).ok());
            a[1] = parsed.map(object).unwrap_or(Value::Null);
            Ok(parsed.is_some().into())
        })
        .def("static bool IsLoopback(IPAddress address)", |_, a| Ok(get(&a[0], "address")?.is_loopback().into()))
        .def("byte[] GetAddressBytes()", |_, a| Ok(bytes(octets(get(&a[0], "address")?))))
        .def("AddressFamily AddressFamily", |_, a| {
            let family = if get(&a[0], "address")?.is_ipv4() { 2 } else { 23 };
            Ok(Value::enumeration(TypeId::AddressFamily, family))
        })
        .def("lenient new(byte[] address)", |_, a| {
            let bytes = to_bytes(&a[0], "address")?;
            let v4 = <[u8; 4]>::try_from(bytes.as_slice()).map(|bytes| Ipv4Addr::from(bytes).into());
            let v6 = || <[u8; 16]>::try_from(bytes.as_slice()).map(|bytes| Ipv6Addr::from(bytes).into());
            let address = v4.or_else(|_| v6());
            address
                .map(object)
                .map_err(|_| Fault::argument("An invalid IP address was specified. (Parameter 'address')"))
        });
}
